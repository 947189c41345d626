from tests.web import *  # noqa: F403 (fixtures)

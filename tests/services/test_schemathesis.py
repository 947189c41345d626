"""Requests made up from the OpenAPI document against a real web process: none is answered otherwise.

Not DELETE, which would take away what the others ask for. ``MIEN_FUZZ_EXAMPLES`` asks for more requests per operation than CI has time for (``make fuzz``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.services.house import House

EXAMPLES = os.environ.get("MIEN_FUZZ_EXAMPLES", "8")
# All that differs from the document in one place is another 4,000 requests.
PHASES = "coverage,fuzzing" if "MIEN_FUZZ_EXAMPLES" in os.environ else "fuzzing"
# What is well-formed may still ask for what cannot be: an unknown param, a mask of another size, a
# cursor that we never gave. And an operation may have no such engine on this machine (503).
CONFIG = """
continue-on-failure = true
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 412, 413, 415, 416, 422, 429, 503]
negative_data_rejection.expected-statuses = ["4xx", 503]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
[dictionaries]
photo.values = ["{photos}"]
preset.values = ["{presets}"]
"""
OPERATION = """
[[operations]]
include-path-regex = "^/api/v1/{noun}/{{id}}"
include-method = ["GET", "POST", "PATCH"]
parameters = {{ "path.id" = "{id}", "path.delivery" = "{delivery}", "path.name" = "preview-1-1" }}
"""
EDITS = """
[[operations]]
include-path-regex = "^/api/v1/edits/$"
include-method = "POST"
parameters = { "body.photo" = { dictionary = "photo" }, "body.preset" = { dictionary = "preset", probability = 0.5 } }
"""


def test_nothing_is_found(tmp_path: Path) -> None:
    house = House(tmp_path, MIEN_FACES_WAIT_SECONDS="0", DJANGO_SETTINGS_MODULE="webapp.settings")
    try:
        house.migrate()
        seeded = tmp_path / "seed.json"
        assert house.start("seed", "-m", "tests.services.seed", str(seeded)).wait(60) == 0, (
            house.log("seed")
        )
        ids = json.loads(seeded.read_text())
        house.start_web()
        nouns = [
            OPERATION.format(noun=noun, id=id, delivery=ids["deliveries"])
            for noun, id in ids.items()
            if noun != "deliveries"
        ]
        config = tmp_path / "schemathesis.toml"
        config.write_text(CONFIG.format(**ids) + "".join(nouns) + EDITS)
        program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
        assert program is not None
        command = [
            *(program, "--config-file", str(config), "run", f"{house.url}/api/v1/schema/?format=json"),
            *("--max-examples", EXAMPLES, "--seed", "1", "--phases", PHASES),
            *("--exclude-method", "DELETE", "--no-color", "--workers", "2", "--generation-database", "none"),
        ]  # fmt: skip
        run = subprocess.run(
            command, cwd=tmp_path, env=house.environment, capture_output=True, text=True,
            timeout=3600, check=False,
        )  # fmt: skip
        print(run.stdout[-6000:])
        assert run.returncode == 0, run.stdout[-20000:] + run.stderr[-2000:]
        assert "Traceback" not in house.log("web")
    finally:
        house.stop()

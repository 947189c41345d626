"""kombu's broker in a folder, with messages that appear whole.

kombu opens the file of a message and then writes it; a worker that looks in between takes an empty
file and ends with "Unrecoverable error". Here a message is written beside and renamed.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):  # type: ignore[misc]  # kombu has no types
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        """Write a message under the name that kombu gives it; in the making it has another ending."""
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        whole = Path(self.data_folder_out) / name
        part = whole.with_name(f"{name}.part")
        try:
            part.write_text(dumps(payload))
            part.rename(whole)
        except OSError as error:
            raise ChannelError(f"Cannot add file {whole} to directory") from error


class Transport(filesystem.Transport):  # type: ignore[misc]
    Channel = Channel


def use_whole_messages() -> None:
    """Make ``filesystem://`` mean this transport, in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"

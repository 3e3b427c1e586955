"""The server as a command: ``python tests/support/hub PORT FOLDER``."""

import argparse
import sys
import threading
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # the folder itself would hide modules of its names

from hub.accounts import WRITER  # noqa: E402
from hub.running import serving_hub  # noqa: E402
from hub.server import Settings  # noqa: E402

HOW = f"""Then, in another terminal:
  export HF_ENDPOINT=http://127.0.0.1:PORT HF_TOKEN={WRITER} HF_HOME=$(mktemp -d)
  factory publish VERSION --repo alice/rows

Something goes wrong on purpose (the fields of `Fault` in faults.py):
  curl $HF_ENDPOINT/_fault -d '{{"where": "POST .*/commit/", "status": 503, "times": 2}}'
  curl $HF_ENDPOINT/_fault -d '{{"damaged": "data/.*", "how": "wrong"}}'
  curl -X DELETE $HF_ENDPOINT/_fault
What was asked: curl $HF_ENDPOINT/_log
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python tests/support/hub",
        description="A Hub on loopback that takes commits.",
        epilog=HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("port", type=int, help="0 for a free one")
    parser.add_argument("folder", type=Path, help="its repositories; made, and found again later")
    parser.add_argument("--xet-seconds", type=int, default=Settings.xet_seconds, metavar="N")
    asked = parser.parse_args()
    settings = Settings(xet_seconds=asked.xet_seconds)
    with serving_hub(asked.folder, settings, asked.port) as hub:
        print(f"{hub.endpoint} serves {asked.folder} until Ctrl-C", flush=True)
        print(HOW.replace("127.0.0.1:PORT", hub.endpoint.removeprefix("http://")), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()

"""Prints what pyproject.toml says that the services need, one a line, for pip's -r."""

import sys
import tomllib
from pathlib import Path

sys.stdout.write("\n".join(tomllib.loads(Path(sys.argv[1]).read_text())["project"]["dependencies"]))

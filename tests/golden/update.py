"""``make golden``: rewrite the golden outputs and say what moved."""

from __future__ import annotations

from relending.runfolder import run
from relending.scenario import shipped_names
from tests.golden import store


def main() -> None:
    """Rewrite every scenario's golden tables."""
    for name in shipped_names():
        new = store.texts(run(name))
        old = store.read(name) if store.folder(name).exists() else {}
        lines = store.moved(old, new)
        store.write(name, new)
        print(f"{name}: {len(lines)} figures moved")
        for line in lines[:40]:
            print("  ", line)
        if len(lines) > 40:
            print(f"   … and {len(lines) - 40} more")


if __name__ == "__main__":
    main()

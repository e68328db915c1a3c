"""Jupyter servers on loopback: JupyterLab or Notebook 7, with the kernel of this Python and what lies before it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLASSES = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}


@contextlib.contextmanager
def serve(
    home: Path, app: str = "jupyterlab", *, python: str = sys.executable, before: Sequence[str] = ()
) -> Iterator[str]:
    """The address of a server over the folder `home`; `before` are folders of packages that the kernel finds first."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    # The kernel alone gets the folders of `before`: the server keeps its own packages.
    kernel = home / "data" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    path = os.pathsep.join([*before, str(ROOT)])
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python", "env": {"PYTHONPATH": path}}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    port = _free_port()
    options = [
        "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1", f"--ServerApp.root_dir={home}",
        "--IdentityProvider.token=", "--ServerApp.password=", f"--{CLASSES[app]}.expose_app_in_browser=True",
        "--KernelSpecManager.ensure_native_kernel=False",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PREFER_ENV_PATH": "0",  # this kernel rather than the one that lies beside Python
    }
    with (home / "server.log").open("w") as log:
        command = [python, "-m", app, *options]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=home)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api/status", server, home / "server.log")
            yield address
        finally:
            server.terminate()
            server.wait(20)


def notebook_of(cells: Sequence[str]) -> str:
    """A notebook file with these code cells, not yet run."""
    made = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        for i, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(960):
        if server.poll() is not None:
            raise RuntimeError(f"The server ended: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise RuntimeError("The server did not answer within four minutes")

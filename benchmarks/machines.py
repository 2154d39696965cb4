"""A Dask scheduler and workers on this machine, in processes of their own; for benchmarks and tests."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

from dask.distributed import Client

from common.paths import PROJECT


class Machines:
    """Started as the README says and killed as by a power cut."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._scheduler: subprocess.Popen | None = None
        self._workers: list[subprocess.Popen] = []

    def start_scheduler(self, allowed_failures: int = 3) -> None:
        setting = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures)}
        self._scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self._port), **setting
        )

    def start_workers(self, processes: int = 2, threads: int = 1) -> None:
        sizes = ("--nworkers", str(processes), "--nthreads", str(threads))
        self._workers.append(self._start("worker", self.address, *sizes))

    def _start(self, *arguments: str, **settings: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        return subprocess.Popen(
            command, cwd=PROJECT, stderr=subprocess.DEVNULL, env=os.environ | settings, start_new_session=True
        )

    def wait_for(self, processes: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.worker_processes()) < processes:
            if time.monotonic() > deadline:
                raise TimeoutError("the workers do not come up")
            time.sleep(0.1)

    def worker_processes(self) -> list[int]:
        """Process ids of the workers proper, without the nannies that start them."""
        with contextlib.suppress(OSError), self.client() as client:
            return sorted(client.run(os.getpid).values())
        return []

    def client(self) -> Client:
        return Client(self.address, timeout=5, set_as_default=False)

    def kill_scheduler(self) -> None:
        self._kill(self._scheduler)

    def stop(self) -> None:
        for process in (*self._workers, self._scheduler):
            self._kill(process)

    def _kill(self, process: subprocess.Popen | None) -> None:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

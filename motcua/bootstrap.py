#!/usr/bin/env python3
"""Build the two locked environments: `.venv` (CPython 3.11) and `.venv-rasa` (CPython 3.10).

Runs under any CPython from 3.8 on and needs nothing but the standard library, since it is what installs the rest.
uv does the work: the one on PATH, or one that pip installs into `.venv-tools`. pip's own configuration (index,
extra indexes, find-links, certificate) is passed on to uv, so a machine that offers a CPU build of torch through
find-links gets that one.
"""

from __future__ import annotations

import argparse
import configparser
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venv-tools"
APP = ROOT / ".venv"
RASA = ROOT / ".venv-rasa"
UV_VERSION = "0.13.9"
LOCKS = {
    "locks/app.txt": ["pyproject.toml", "--python-version", "3.11"],
    "locks/dev.txt": ["pyproject.toml", "--python-version", "3.11", "--extra", "dev"],
    "locks/rasa.txt": ["locks/rasa.in", "--python-version", "3.10"],
}


class Failure(Exception):
    """A step that cannot go on; the text says what to do."""


def say(text: str) -> None:
    """Tell the person what goes on."""
    print("motcua: " + text, flush=True)


def runs(python: str, version: str) -> bool:
    """Whether that interpreter starts and is the wanted minor version (pyenv's shims may do neither)."""
    code = "import sys; print('%d.%d' % sys.version_info[:2], sys.implementation.name)"
    try:
        out = subprocess.run([str(python), "-c", code], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return out.returncode == 0 and out.stdout.split() == [version, "cpython"]


def find_python(version: str) -> str:
    """The interpreter to build on: a path, or the bare version when uv must bring it.

    Raises Failure when the one that the environment names does not fit.
    """
    setting = "MOTCUA_PYTHON" + version.replace(".", "")
    chosen = os.environ.get(setting, "")
    if chosen and not runs(chosen, version):
        raise Failure("%s is %s, which is not a CPython %s that starts." % (setting, chosen, version))
    candidates = [chosen]
    candidates += [os.path.join(folder, "python" + version) for folder in os.get_exec_path()]
    if "%d.%d" % sys.version_info[:2] == version:
        candidates.append(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates += [str(p) for p in sorted(pyenv.glob(version + ".*/bin/python" + version), reverse=True)]
    for candidate in candidates:
        if candidate and os.path.exists(candidate) and runs(candidate, version):
            return candidate
    return version


def pip_settings(python: str | Path) -> dict[str, str]:
    """What pip is configured to use, by option name without dashes in front; environment wins over files."""
    out = subprocess.run([str(python), "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60)
    if out.returncode:
        return pip_files()
    found = {}
    for line in sorted(out.stdout.splitlines(), key=lambda row: row.startswith(":env:")):
        key, _, value = line.partition("=")
        option = key.rsplit(".", 1)[-1].strip()
        if key.startswith((":env:", "global.", "install.", "user.", "site.")) and value:
            found[option] = value.strip("'\"").replace("\\n", " ")
    return found


def pip_files() -> dict[str, str]:
    """The same without pip, as on a machine that has only uv: read from pip's files and variables.

    Order and places: https://pip.pypa.io/en/stable/topics/configuration/.
    """
    home = Path.home()
    own = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        files = []
    elif named and os.path.exists(named):
        files.append(Path(named))
    else:
        files += [home / ".pip" / "pip.conf", own]
    parser = configparser.RawConfigParser()
    for file in files:
        try:
            parser.read(str(file), encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            say("%s cannot be read and is passed over: %s" % (file, error))
    found: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            found.update((key, " ".join(value.split())) for key, value in parser.items(section) if value)
    for name, value in os.environ.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return found


def uv_environment(python: str | Path) -> dict[str, str]:
    """The process environment for uv: what is set for uv itself stays, pip's settings fill the rest."""
    env = dict(os.environ)
    env.pop("VIRTUAL_ENV", None)
    settings = pip_settings(python)
    if settings.get("find-links"):
        env.setdefault("UV_FIND_LINKS", ",".join(settings["find-links"].split()))
    if settings.get("index-url"):
        env.setdefault("UV_DEFAULT_INDEX", settings["index-url"])
    if settings.get("extra-index-url"):
        env.setdefault("UV_INDEX", settings["extra-index-url"])
        # pip looks at every index for the best version; uv by itself stops at the first that has the name.
        env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        env.setdefault("UV_NO_INDEX", "1")
    if settings.get("trusted-host"):
        env.setdefault("UV_INSECURE_HOST", settings["trusted-host"])
    if settings.get("proxy"):
        env.setdefault("HTTPS_PROXY", settings["proxy"])
        env.setdefault("HTTP_PROXY", settings["proxy"])
    if settings.get("cert"):
        env.setdefault("SSL_CERT_FILE", settings["cert"])
    env.setdefault("UV_HTTP_TIMEOUT", settings.get("timeout") or settings.get("default-timeout") or "180")
    env["UV_COMPILE_BYTECODE"] = "1"
    env.setdefault("UV_LINK_MODE", "copy" if os.environ.get("CI") else "hardlink")
    return env


def find_uv() -> str:
    """Path of uv, installed with pip when there is none."""
    found = shutil.which("uv")
    if found:
        return found
    own = TOOLS / "bin" / "uv"
    if not own.exists():
        say("installing uv %s into %s" % (UV_VERSION, TOOLS.name))
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(TOOLS)], check=True)
            subprocess.run(
                [str(TOOLS / "bin" / "python"), "-m", "pip", "install", "-q", "uv==" + UV_VERSION], check=True
            )
        except subprocess.CalledProcessError as error:
            raise Failure(
                "uv could not be installed. Install uv yourself, or the package that gives "
                "`python3 -m venv` (Debian: python3-venv), then run this again."
            ) from error
    return str(own)


def digest(*parts: object) -> str:
    """SHA-256 over files' contents and other values."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part.read_bytes() if isinstance(part, Path) and part.is_file() else str(part).encode())
    return state.hexdigest()


def build(uv: str, env: dict[str, str], folder: Path, version: str, lock: str, editable: bool = False) -> None:
    """Create or refresh one environment; does nothing when its stamp matches the lock."""
    stamp = folder / ".motcua-lock"
    wanted = digest(ROOT / lock, version, ROOT / "pyproject.toml" if editable else "", folder)
    # An interpreter that was taken away since leaves a link to nothing.
    if (folder / "bin" / "python").exists() and stamp.exists() and wanted in stamp.read_text().split():
        return
    python = find_python(version)
    say("building %s from %s (Python: %s)" % (folder.name, lock, python))
    base = "locks/app.txt" if lock == "locks/dev.txt" else lock
    extra = [digest(ROOT / base, version, ROOT / "pyproject.toml" if editable else "", folder)]
    created = subprocess.run([uv, "venv", "--clear", "-q", "--python", python, str(folder)], env=env)
    if created.returncode:
        raise Failure(
            "no CPython %s. Install it (pyenv, deadsnakes, uv), or set MOTCUA_PYTHON%s to its path."
            % (version, version.replace(".", ""))
        )
    target = ["--python", str(folder / "bin" / "python")]
    installs = [["-r", str(ROOT / lock)]]
    if editable:
        installs.append(["--no-deps", "--editable", str(ROOT)])
    for what in installs:
        if subprocess.run([uv, "pip", "install"] + target + what, env=env, cwd=str(ROOT)).returncode:
            raise Failure("installing %s failed; the lines above say why. Run the same command again." % lock)
    # The development lock holds everything of the app's, so it satisfies both.
    stamp.write_text("\n".join([wanted] + extra) + "\n")


def install_browser() -> None:
    """Chromium for the browser test, where this may be done without asking: root on Debian, none there yet."""
    if shutil.which("chromium") or shutil.which("google-chrome"):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        say("no Chromium here: the browser test will skip (Debian: apt-get install chromium)")
        return
    say("installing Debian's chromium for the browser test")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends"]
    for command in (["apt-get", "update", "-q"], install + ["chromium", "fonts-noto-core", "fonts-noto-color-emoji"]):
        # Best effort: without it the browser test skips and says so.
        subprocess.run(command, stdout=subprocess.DEVNULL, env=env)


def lock(uv: str, env: dict[str, str]) -> None:
    """Resolve the locks anew from their inputs."""
    for out, arguments in LOCKS.items():
        command = [uv, "pip", "compile", "-q", "--no-annotate", "--upgrade", "-o", out] + arguments
        subprocess.run(command, check=True, cwd=str(ROOT), env=dict(env, UV_CUSTOM_COMPILE_COMMAND="make lock"))
        path = ROOT / out
        # A local build label belongs to the machine that locked, not to the project.
        path.write_text(path.read_text().replace("+cpu", ""))


def main() -> int:
    """The command; gives the exit status."""
    parser = argparse.ArgumentParser(description="Build motcua's environments.")
    parser.add_argument("--dev", action="store_true", help="with what the tests and checks need")
    parser.add_argument("--browser", action="store_true", help="install Chromium where that is possible")
    parser.add_argument("--lock", action="store_true", help="resolve the locks anew")
    options = parser.parse_args()
    try:
        uv = find_uv()
        pip_python = TOOLS / "bin" / "python"
        env = uv_environment(pip_python if pip_python.exists() else sys.executable)
        if options.lock:
            lock(uv, env)
            return 0
        build(uv, env, APP, "3.11", "locks/dev.txt" if options.dev else "locks/app.txt", editable=True)
        build(uv, env, RASA, "3.10", "locks/rasa.txt")
        if options.browser:
            install_browser()
    except Failure as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

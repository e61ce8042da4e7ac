"""compose.yaml is parsed and compared with the files and settings that it names, because a container engine may be missing."""

from __future__ import annotations

import re
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final

import yaml

from bench import nginx
from feedsvc.cli.serve import serve
from feedsvc.cli.settings import variable_of
from tests import ROOT
from tests.deploy import test_container
from tests.helpers.programs import require_program

FILE: Final = nginx.DEPLOY_FILES / "compose.yaml"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))
SERVICES: Final[dict[str, Any]] = COMPOSE["services"]
SERVICE: Final[dict[str, Any]] = SERVICES["feedsvc"]
VARIABLE: Final = re.compile(r"\$\{([A-Z_]+)(:?[-?])[^}]*\}")


def mounts(name: str) -> dict[str, str]:
    """Return the mounts of a service: path in the container -> volume, file or folder."""
    parts = [VARIABLE.sub(default_of, mount).split(":") for mount in SERVICES[name]["volumes"]]
    return {target: source for source, target, *_ in parts}


def default_of(variable: re.Match[str]) -> str:
    return variable[0][2:-1].partition("-")[2]


def test_every_variable_has_a_default_or_an_error_message() -> None:
    text = "\n".join(line for line in FILE.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
    assert len(VARIABLE.findall(text)) == text.count("$")
    assert {(name, kind) for name, kind in VARIABLE.findall(text)} == {
        *(("BASE_URL", ":-"), ("NEWSROOM", ":-"), ("PORT", ":-"), ("VERSION", ":-"), ("POSTGRES_PASSWORD", ":?"))
    }


def test_image_is_built_by_the_containerfile() -> None:
    context = (FILE.parent / SERVICE["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / SERVICE["build"]["dockerfile"]) == test_container.FILE
    arguments = {step.arguments for step in test_container.steps() if step.name == "ARG"}
    assert SERVICE["build"]["args"].keys() == arguments


def test_service_gets_known_variables_and_mounts_of_the_image() -> None:
    known = {variable_of(option) for option in serve.params}
    assert SERVICE["environment"].keys() <= known
    image = test_container.variables()
    assert mounts("feedsvc") == {image["FEEDSVC_CONTENT"]: "../../content", image["FEEDSVC_STATE"]: "state"}
    assert (FILE.parent / "../../content" / "site.yaml").exists()
    assert SERVICE["stop_grace_period"] == "75s"  # as TimeoutStopSec of the systemd unit
    assert "TimeoutStopSec=75s" in (FILE.parent / "feedsvc.service").read_text("utf-8")


def test_files_and_volumes_that_are_mounted_exist() -> None:
    named = {source for name in SERVICES for source in mounts(name).values()}
    files = {source for source in named if source.startswith(".")}
    assert [source for source in files if not (FILE.parent / source).exists()] == []
    assert named - files == COMPOSE["volumes"].keys()


def test_services_are_reached_by_names_and_ports_that_exist() -> None:
    port = test_container.variables()["FEEDSVC_PORT"]
    upstream = (FILE.parent / "nginx-compose.conf").read_text("utf-8")
    assert f"server feedsvc:{port};" in upstream
    site = (FILE.parent / "nginx-site.conf").read_text("utf-8")
    (published,) = SERVICES["nginx"]["ports"]
    listened = published.rpartition(":")[2]
    assert f"listen {listened};" in site
    assert SERVICES["nginx"]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{listened}/healthz"
    database = SERVICES["database"]["environment"]
    assert SERVICE["environment"]["FEEDSVC_DATABASE"] == (
        f"postgresql://{database['POSTGRES_USER']}:{database['POSTGRES_PASSWORD']}@database/{database['POSTGRES_DB']}"
    )


def test_only_nginx_is_trusted_and_it_has_a_fixed_address() -> None:
    network = ip_network(COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"])
    address = SERVICES["nginx"]["networks"]["front"]["ipv4_address"]
    assert SERVICE["environment"]["FEEDSVC_TRUSTED_PROXY"] == address
    assert ip_address(address) in network
    assert SERVICES["database"]["networks"] == ["back"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}


def test_services_wait_for_those_that_they_need() -> None:
    for name, needed in (("feedsvc", "database"), ("nginx", "feedsvc")):
        assert SERVICES[name]["depends_on"] == {needed: {"condition": "service_healthy"}}
    # The health check of the service is that of its image.
    assert "healthcheck" not in SERVICE
    assert any(step.name == "HEALTHCHECK" for step in test_container.steps())


def test_nginx_accepts_its_files_at_their_places(tmp_path: Path) -> None:
    program = nginx.program_path() or require_program("nginx", nginx.INSTALL)
    folder = tmp_path / "etc"
    for target, source in mounts("nginx").items():
        if source.startswith("."):
            place = folder / Path(target).relative_to("/etc/nginx")
            place.parent.mkdir(parents=True, exist_ok=True)
            text = (FILE.parent / source).read_text("utf-8")
            place.write_text(
                text.replace("server feedsvc:", "server 127.0.0.1:").replace("/var/", f"{tmp_path}/var/"), encoding="utf-8"
            )
    for name in ("var/lib/nginx", "var/log/nginx"):
        (tmp_path / name).mkdir(parents=True)
    temporary = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    http = f"http {{ {temporary} include {folder}/conf.d/*.conf; }}"
    main = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} {http}\n"
    (folder / "nginx.conf").write_text(main, "utf-8")
    result = subprocess.run(
        [program, "-t", "-c", folder / "nginx.conf", "-p", folder], check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr

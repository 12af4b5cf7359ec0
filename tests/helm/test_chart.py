"""The chart, rendered by Helm's own engine: sound, closed by default, and each login only where it is needed."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

from msp.core import config
from msp.core.jobs import QUEUES

CHART = Path(__file__).parents[2] / "helm" / "msp"
DATABASE_LOGINS = {"msp-owner", "msp-portal", "msp-console", "msp-live"}
Values = dict[str, Any]
Object = dict[str, Any]


@pytest.fixture(scope="module")
def chart() -> Iterator[helm.Chart]:
    with helm.Chart.load(CHART) as chart:
        yield chart


@pytest.fixture
def values() -> Values:
    """What the smallest installation sets."""
    text = (Path(__file__).parent / "installation.yaml").read_text()
    return helm.values_from_yaml(text)


@pytest.fixture
def objects(chart: helm.Chart, values: Values) -> list[Object]:
    return rendered(chart, values)


def rendered(chart: helm.Chart, values: Values) -> list[Object]:
    files = chart.render(values, name="msp", namespace="support")
    texts = [text for path, text in files.items() if not path.endswith("NOTES.txt")]
    return [found for text in texts for found in yaml.safe_load_all(text) if found]


def pods(objects: list[Object]) -> dict[str, Object]:
    """The pod template of each Deployment and Job, by component."""
    templates = [found["spec"]["template"] for found in objects if found["kind"] in ("Deployment", "Job")]
    return {template["metadata"]["labels"]["app.kubernetes.io/component"]: template["spec"] for template in templates}


def secrets_of(pod: Object) -> set[str]:
    [container] = pod["containers"]
    single = {entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry}
    return single | {each["secretRef"]["name"] for each in container.get("envFrom", []) if "secretRef" in each}


def changed(values: Values, path: str, value: Any) -> Values:
    result = copy.deepcopy(values)
    *parents, last = path.split(".")
    place = result
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return result


def test_lint(values: Values) -> None:
    report = helm.lint(CHART, values, strict=True)
    assert report["errors"] == []
    assert [message for message in report["messages"] if message["severity"] > 1] == []


VARIANTS: dict[str, Values] = {
    "least": {},
    "volume": {"storage": {"url": "file:///files", "existingClaim": "files"}},
    "everything": {
        "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
        "portalDomain": "support.example.org",
        "serviceAccount": {"name": "runner", "annotations": {"role": "files"}},
        "ingress": {
            "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-buffering": "off"},
            "tls": [{"secretName": "tls", "hosts": ["console.example.org"]}],
        },
        "networkPolicy": {
            "ingressFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
            "database": {"to": [{"ipBlock": {"cidr": "10.0.0.5/32"}}], "port": 6432},
            "outward": {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}], "ports": [443]},
        },
        "podAnnotations": {"team": "platform"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
    },
    "bare": {
        "ingress": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "serviceAccount": {"create": False},
        "secrets": {"mail": {"existingSecret": ""}, "storage": {"existingSecret": ""}},
    },
}


@pytest.mark.parametrize("version", ["1.27", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_accepts_every_object(chart: helm.Chart, values: Values, variant: str, version: str) -> None:
    # Merged over the minimum by Helm itself, as `--values a --values b` would.
    for section, content in VARIANTS[variant].items():
        values[section] = {**values.get(section, {}), **content} if isinstance(content, dict) else content
    found = rendered(chart, values)
    assert len(found) >= 10
    for each in found:
        kubernetes_validate.validate(each, version, strict=True)


def test_names_are_unique(objects: list[Object]) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("image.repository", "", "/image/repository"),
        ("image.tag", "latest", "/image/tag"),
        ("consoleHost", "https://console.example.org", "/consoleHost"),
        ("portalHosts", [], "/portalHosts"),
        ("portalHosts", ["*"], "/portalHosts/0"),
        ("environment", "test", "/environment"),
        ("trustedProxies", "all", "/trustedProxies"),
        ("storage.url", "", "/storage/url"),
        ("storage.url", "s3://key:secret@bucket", "/storage/url"),
        ("storage.url", "file:///files", "/storage/existingClaim"),
        ("secrets.app.existingSecret", "", "/secrets/app/existingSecret"),
        ("secrets.ownerDatabase.existingSecret", "", "/secrets/ownerDatabase/existingSecret"),
        ("secrets.redis.value", "redis://:password@redis", "/secrets/redis"),
        ("secretKey", "a" * 40, "secretKey"),
        ("web.portal.replicas", 0, "/web/portal/replicas"),
        ("workers.mail.replicas", 0, "/workers/mail/replicas"),
        ("workers.mail", None, "mail"),
        ("workers.extra", {"replicas": 1}, "extra"),
        ("cron.replicas", 2, "replicas"),
        ("live.resources.limits", None, "/live/resources"),
        ("networkPolicy.database.port", 70000, "/networkPolicy/database/port"),
    ],
)
def test_wrong_values_are_refused(chart: helm.Chart, values: Values, path: str, value: Any, named: str) -> None:
    rendered(chart, values)
    with pytest.raises(helm.HelmError, match=re.escape(named)):
        rendered(chart, changed(values, path, value))


def test_nothing_starts_from_defaults_alone(chart: helm.Chart) -> None:
    with pytest.raises(helm.HelmError, match="existingSecret"):
        rendered(chart, {})


def test_every_queue_has_its_worker(chart: helm.Chart, objects: list[Object]) -> None:
    assert set(chart.values["workers"]) == set(QUEUES)
    worked = [pod["containers"][0]["args"] for name, pod in pods(objects).items() if name.startswith("worker-")]
    assert sorted(worked) == sorted(["worker", queue] for queue in QUEUES)


def test_every_process_is_there_and_calls_the_command(objects: list[Object]) -> None:
    found = {name: pod["containers"][0]["args"] for name, pod in pods(objects).items()}
    assert found.keys() == {"web-portal", "web-console", "live", "cron", "migrate", *(f"worker-{q}" for q in QUEUES)}
    assert found["web-portal"][:3] == ["web", "--surface", "portal"]
    assert found["web-console"][:3] == ["web", "--surface", "console"]
    assert (found["live"][0], found["cron"], found["migrate"]) == ("live", ["cron"], ["db", "upgrade"])


def test_each_login_goes_only_where_it_is_needed(objects: list[Object]) -> None:
    logins = {name: secrets_of(pod) & DATABASE_LOGINS for name, pod in pods(objects).items()}
    assert logins.pop("web-portal") == {"msp-portal"}
    assert logins.pop("live") == {"msp-live"}
    assert logins.pop("migrate") == {"msp-owner"}
    assert set(map(frozenset, logins.values())) == {frozenset({"msp-console"})}


def test_no_secret_has_a_literal_value(chart: helm.Chart, objects: list[Object]) -> None:
    assert [each for each in objects if each["kind"] == "Secret"] == []
    for pod in pods(objects).values():
        for entry in pod["containers"][0]["env"]:
            assert "value" not in entry or entry["name"] in ("MSP_ENVIRONMENT", "MSP_CONSOLE_HOST")
    [config] = [each["data"] for each in objects if each["kind"] == "ConfigMap"]
    assert not {name for name in config if re.search("KEY|PASSWORD|DATABASE|REDIS|MAIL|TOKEN", name)}
    assert all(secret["existingSecret"] == "" for secret in chart.values["secrets"].values())


def test_settings_are_those_that_the_code_reads(objects: list[Object], monkeypatch: pytest.MonkeyPatch) -> None:
    [data] = [each["data"] for each in objects if each["kind"] == "ConfigMap"]
    named = {entry["name"] for pod in pods(objects).values() for entry in pod["containers"][0]["env"]}
    source = Path(config.__file__).read_text()
    assert [name for name in named | data.keys() if f'"{name.removeprefix("MSP_")}"' not in source] == []
    for name, value in data.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MSP_SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz")
    settings = config.Settings.from_env()
    assert (settings.environment, settings.is_https) == ("production", True)
    assert (settings.console_host, settings.portal_domain) == ("console.example.org", "example.org")
    assert (settings.storage_url, settings.trusted_proxies) == ("s3://msp-files", 1)
    assert settings.live_url == ""  # streams come from the page's own origin, under /live


def test_pods_are_confined(objects: list[Object]) -> None:
    for pod in pods(objects).values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]


def test_what_serves_is_probed(objects: list[Object]) -> None:
    probed = {name: pod["containers"][0] for name, pod in pods(objects).items() if "ports" in pod["containers"][0]}
    assert probed.keys() == {"web-portal", "web-console", "live"}
    for container in probed.values():
        assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
        assert container["args"][container["args"].index("--port") + 1] == str(container["ports"][0]["containerPort"])
    for name in ("web-portal", "web-console"):
        assert probed[name]["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_migrate_comes_before_everything(objects: list[Object]) -> None:
    [job] = [each for each in objects if each["kind"] == "Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    pod = job["spec"]["template"]["spec"]
    assert "envFrom" not in pod["containers"][0]  # the release's ConfigMap and account do not exist yet
    assert "serviceAccountName" not in pod


def test_ingress_sends_each_host_to_its_surface(objects: list[Object]) -> None:
    [ingress] = [each for each in objects if each["kind"] == "Ingress"]
    routes = {
        rule["host"]: {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
        for rule in ingress["spec"]["rules"]
    }
    portal = {"/live": "msp-live", "/": "msp-web-portal"}
    assert routes == {
        "console.example.org": {"/live": "msp-live", "/": "msp-web-console"},
        "*.support.example.org": portal,
        "help.acme.example": portal,
    }


def test_services_find_their_pods(objects: list[Object]) -> None:
    deployments = {each["metadata"]["name"]: each for each in objects if each["kind"] == "Deployment"}
    services = [each for each in objects if each["kind"] == "Service"]
    assert {each["metadata"]["name"] for each in services} == {"msp-web-portal", "msp-web-console", "msp-live"}
    for service in services:
        template = deployments[service["metadata"]["name"]]["spec"]["template"]
        assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()


def test_network_is_closed_but_for_what_is_named(objects: list[Object]) -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == "NetworkPolicy"}
    everyone = policies.pop("msp")
    assert (everyone["ingress"], everyone["policyTypes"]) == ([], ["Ingress", "Egress"])
    assert "matchExpressions" not in everyone["podSelector"]
    reached = policies["msp-http"]["podSelector"]["matchExpressions"][0]["values"]
    assert set(reached) == {"web-portal", "web-console", "live"}
    leaving = policies["msp-outward"]["podSelector"]["matchExpressions"][0]["values"]
    assert set(leaving) == {f"worker-{queue}" for queue in QUEUES}


def test_a_changed_setting_restarts_the_pods(chart: helm.Chart, values: Values, objects: list[Object]) -> None:
    def checksum(found: list[Object]) -> set[str]:
        deployments = [each for each in found if each["kind"] == "Deployment"]
        return {each["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for each in deployments}

    again = rendered(chart, changed(values, "trustedProxies", 2))
    assert len(checksum(objects)) == len(checksum(again)) == 1
    assert checksum(objects) != checksum(again)


def test_the_image_runs_as_the_user_of_the_pods(objects: list[Object]) -> None:
    dockerfile = (CHART.parent / "Dockerfile").read_text()
    [user] = {pod["securityContext"]["runAsUser"] for pod in pods(objects).values()}
    assert f"USER {user}:{user}" in dockerfile
    assert f"useradd --uid {user} " in dockerfile

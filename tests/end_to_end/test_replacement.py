"""`pulumi up --replace`: the marker of the new object is the old one's, too, so the old one has to go first."""

import json
from pathlib import Path

from tests.fixtures.all_kinds import KINDS
from tests.fixtures.sandbox_server import API_KEY, SandboxServer
from tests.fixtures.small_stack import Declared, SmallStack


def test_a_replaced_object_of_any_kind_is_another_one_and_there_is_one_of_it(tmp_path: Path) -> None:
    kinds = {kind.name: kind for kind in KINDS if kind.document}
    with SandboxServer(tmp_path) as sandbox:
        stack = SmallStack(tmp_path / "project", "replaced", sandbox.api_url, API_KEY)
        stack.declare([Declared(name, "ada", {kind.named: "ada", **kind.document}) for name, kind in kinds.items()])
        assert stack.start("up").result().status == 0
        before = {name: kind.held(sandbox, ["ada"])["ada"] for name, kind in kinds.items()}
        recorded = json.loads(stack.exported_state())["deployment"]["resources"]
        urns = [one["urn"] for one in recorded if one["urn"].endswith("::ada") and "Verified" not in one["type"]]

        replaced = stack.start("up", *(f"--replace={urn}" for urn in urns)).result()

        after = {name: kind.held(sandbox, ["ada"])["ada"] for name, kind in kinds.items()}
        assert replaced.status == 0, replaced.printed
        assert {name: (len(before[name]), len(after[name])) for name in kinds} == dict.fromkeys(kinds, (1, 1))
        assert [name for name in kinds if before[name] == after[name]] == []
        assert stack.pulumi("preview", "--expect-no-changes").status == 0

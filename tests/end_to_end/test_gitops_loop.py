"""
From pull request to drift repair, with the very steps of `.github/workflows`, a real repository and a real engine.

One team's story is told once; each test looks at a part of it.
"""

from dataclasses import dataclass, field
from typing import Any

import docker
import pytest

from tests.fixtures.deployment import has_ended
from tests.fixtures.forge import git
from tests.fixtures.team import GITHUB_TOKEN, PASSPHRASE, Team
from tests.fixtures.trugen_user import TrugenUser
from tests.fixtures.workflow_steps import JobResult

pytestmark = pytest.mark.docker

PROMPT = "You are Ada, canary-prompt-of-the-hotel."
EDIT = "canary-edit-behind-the-back"
_PROMPT_FILE = "stacks/agents/concierge.md"
_PRINTS_ENVIRONMENT = '\nimport os\n\nprint("seen by a stranger:", dict(os.environ))\n'


@dataclass(frozen=True)
class Seen:
    """The stack at one moment."""

    id: str
    prompt: str
    containers: frozenset[str]


@dataclass
class Story:
    """What each job left, what comments and issues were there after it, what the stack was."""

    stack: str
    jobs: dict[str, JobResult] = field(default_factory=dict)
    github: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=lambda: [PASSPHRASE, GITHUB_TOKEN, PROMPT, EDIT])
    left: list[str] = field(default_factory=list)
    sandbox_ended: bool = False

    def comment(self, moment: str) -> str:
        (only,) = self.github[moment]["comments"]
        return str(only["body"])

    def issue(self, moment: str) -> dict[str, Any]:
        only: dict[str, Any]
        (only,) = self.github[moment]["issues"]
        return only


class Teller:
    """Lets the jobs run in their order and writes down what comes of them."""

    def __init__(self, team: Team, engine: docker.DockerClient) -> None:
        self.team, self.engine = team, engine
        self.story = Story(team.stack)

    def tell(self) -> None:
        self._first_deployment()
        self._pull_request()
        self._stranger()
        self._drift()

    def _note(self, moment: str, job: JobResult) -> None:
        self.story.jobs[moment] = job
        self.story.github[moment] = self.team.github()

    def _look(self, moment: str) -> None:
        (agent,) = self._user().agents()
        containers = (one.id for one in self.engine.containers.list(filters=self._mine()))
        prompt = agent["avatars"][0]["persona_prompt"]
        self.story.seen[moment] = Seen(agent["id"], prompt, frozenset(str(one) for one in containers))

    def _user(self) -> TrugenUser:
        return TrugenUser(**self.team.outputs()["sandbox"])

    def _mine(self) -> dict[str, str | list[str] | bool]:
        return {"label": f"trugen-llm.stack={self.team.stack}"}

    def _first_deployment(self) -> None:
        team = self.team
        team.by_hand("pulumi", "stack", "init", team.stack)
        team.clone.branch("stack")
        team.clone.push("Make the stack")
        self._note("first deployment", team.deployed(team.forge.merge("stack")))
        outputs = team.outputs()
        self.story.secrets += [outputs["sandbox"]["api_key"], outputs["developer_studio"]["concierge"]["token"]]
        self._look("first deployment")

    def _pull_request(self) -> None:
        team = self.team
        git(team.clone.folder, "fetch", "--quiet")
        team.clone.branch("prompt")
        team.clone.edit(_PROMPT_FILE, lambda _: f"{PROMPT}\n")
        team.clone.edit(team.stack_file, lambda text: text.replace("agentName", "agentNam"))
        team.clone.push("Greet the guests, with a slip")
        self._note("refused preview", team.previewed(team.pull_request("prompt", 7)))
        self._look("refused preview")
        team.clone.edit(team.stack_file, lambda text: text.replace("agentNam", "agentName"))
        team.clone.push("Correct the slip")
        self._note("preview", team.previewed(team.pull_request("prompt", 7)))
        self._look("preview")
        self._note("deployment", team.deployed(team.forge.merge("prompt")))
        self._look("deployment")

    def _stranger(self) -> None:
        team = self.team
        git(team.clone.folder, "fetch", "--quiet")
        team.clone.branch("stranger")
        team.clone.edit("__main__.py", lambda text: text + _PRINTS_ENVIRONMENT)
        team.clone.push("Mean no harm")
        proposed = team.pull_request("stranger", 8, from_repository="somebody/trugen-llm")
        self._note("preview of a stranger", team.previewed(proposed))

    def _drift(self) -> None:
        team = self.team
        self._user().edit(self.story.seen["deployment"].id, agent_system_prompt=EDIT)
        self._note("drift", team.looked_for_drift())
        self._note("drift again", team.looked_for_drift())
        self._note("backend gone", team.looked_for_drift(backend=f"file://{team.folder}/gone"))
        self._note("repair", team.deployed(team.forge.head("main"), "workflow_dispatch"))
        self._look("repair")
        self._note("clean", team.looked_for_drift())

    def end(self) -> None:
        """Remove the stack, and note what is still there."""
        pid = self.team.sandbox_pid()
        self.team.by_hand("python", "-m", "components", "down", "--stack", self.team.stack)
        self.story.sandbox_ended = pid is None or has_ended(pid)
        kinds = (
            self.engine.containers.list(all=True, filters=self._mine()),
            self.engine.networks.list(filters=self._mine()),
        )
        named = f"trugen-llm-{self.team.stack}"
        volumes = [one.name for one in self.engine.volumes.list() if one.name.startswith(named)]
        self.story.left = [str(one.name) for kind in kinds for one in kind] + volumes


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Story:
    teller = Teller(Team(tmp_path_factory.mktemp("loop") / "team"), engine)
    try:
        teller.tell()
    finally:
        teller.end()
    return teller.story


def test_a_refused_pull_request_is_told_why_in_its_comment_and_changes_nothing(story: Story) -> None:
    comment = story.comment("refused preview")

    assert not story.jobs["refused preview"].ok
    assert f"Preview of `{story.stack}`: was refused" in comment
    assert "agents.concierge.agentNam" in comment
    assert story.seen["refused preview"] == story.seen["first deployment"]


def test_the_next_push_edits_the_comment_which_names_the_agent_and_the_changed_inputs(story: Story) -> None:
    comment = story.comment("preview")

    assert story.jobs["preview"].ok, story.jobs["preview"].log
    assert comment.startswith(f"<!-- trugen-llm preview: {story.stack} -->")
    assert "1 to update" in comment
    assert "| update | `trugen:Agent` | `concierge` | `agent_system_prompt`, `persona_prompt` |" in comment
    assert "refused" not in comment
    assert story.seen["preview"] == story.seen["first deployment"]


def test_a_merge_changes_the_same_agent_and_leaves_the_containers_alone(story: Story) -> None:
    before, after = story.seen["first deployment"], story.seen["deployment"]

    assert story.jobs["deployment"].ok, story.jobs["deployment"].log
    assert PROMPT not in before.prompt
    assert PROMPT in after.prompt
    assert (after.id, after.containers) == (before.id, before.containers)


def test_a_strangers_pull_request_gets_a_plan_in_the_summary_and_sees_no_secret(story: Story) -> None:
    job = story.jobs["preview of a stranger"]

    assert job.ok, job.log
    assert "Checked against a sandbox" in job.summary
    assert "`trugen:Agent` | `concierge`" in job.summary
    assert "seen by a stranger: {" in job.log
    assert story.github["preview of a stranger"] == story.github["deployment"]


def test_an_edit_behind_the_back_opens_one_issue_that_says_what_comes_of_it(story: Story) -> None:
    issue = story.issue("drift again")

    assert (issue["title"], issue["state"]) == (f"Drift of stack {story.stack}", "open")
    assert issue["body"].startswith(f"<!-- trugen-llm drift: {story.stack} -->")
    assert "1 object changed elsewhere" in issue["body"]
    assert "sends the declaration again" in issue["body"]
    assert f"::warning::stack {story.stack} has drifted" in story.jobs["drift"].log
    assert story.jobs["drift"].summary == issue["body"]


def test_a_drift_job_that_could_not_look_fails_says_why_and_leaves_the_issue_alone(story: Story) -> None:
    job = story.jobs["backend gone"]

    assert not job.ok
    assert "could not be looked for" in job.summary
    assert f"export PULUMI_BACKEND_URL=<where {story.stack} keeps its state>" in job.summary
    assert "has drifted" not in job.log
    assert story.github["backend gone"] == story.github["drift again"]


def test_the_next_deployment_repairs_the_agent_and_the_next_look_closes_the_issue(story: Story) -> None:
    assert story.jobs["repair"].ok, story.jobs["repair"].log
    assert story.seen["repair"] == story.seen["deployment"]
    assert story.jobs["clean"].ok, story.jobs["clean"].log
    assert story.issue("repair")["state"] == "open"
    assert story.issue("clean")["state"] == "closed"


def test_no_token_prompt_or_passphrase_is_in_a_comment_issue_summary_or_log(story: Story) -> None:
    told = {name: job.summary + _without_conversation(job.log) for name, job in story.jobs.items()}
    told |= {f"github after {moment}": str(kept) for moment, kept in story.github.items()}

    assert [(where, secret) for where, text in told.items() for secret in story.secrets if secret in text] == []


def test_nothing_stays_behind(story: Story) -> None:
    assert story.left == []
    assert story.sandbox_ended


def _without_conversation(log: str) -> str:
    """What a small model says may well be its prompt; `up` lets it speak to nobody but the sandbox."""
    return log.partition("\nyou    ")[0]

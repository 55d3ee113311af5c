"""The engineer on one stream: each tick measured, judged, decided and acted upon, as a live run would."""

from dataclasses import dataclass, field, replace

from autopilot.judge.measure import Measure
from autopilot.judge.pipe import Pipe
from autopilot.judge.profiles import champion_scores, promoted_scores, reference
from autopilot.judge.questions import Kind, Questions
from autopilot.judge.start import Start, tick_of, time_of
from autopilot.judge.stream import Stream
from graph.codec import dump
from graph.evidence import Evidence, LookBack
from graph.model import Candidate, Check, Decision, Diagnosis, History, Json, Learned
from graph.policy import evidence as question
from graph.policy import retraining
from graph.policy.paying import lasting, pay_back
from graph.policy.price import followed
from tools.profile.profile import ScoreProfile


@dataclass(slots=True)
class Version:
    """A version that has served: its score profile, None while it forms, and the first tick to follow its harm from."""

    name: str
    profile: ScoreProfile | None
    judged: tuple[int, ...] = ()
    follow_from: int = 0
    learned: Learned | None = None


@dataclass(slots=True)
class Engineer:
    """Holds what a ledger would hold, for the length of one stream."""

    start: Start
    pipe: Pipe
    stream: Stream = field(init=False)
    measure: Measure = field(init=False)
    versions: dict[str, Version] = field(init=False)
    questions: Questions = field(default_factory=Questions)
    evidence: Evidence | None = None
    """What the newest tick was decided on."""
    kept: Candidate | None = None
    trained: int = 0
    retrains: list[int] = field(default_factory=list)
    looks: dict[str, int] = field(default_factory=dict)
    """How often a challenger was judged."""
    refusals: list[int] = field(default_factory=list)
    promoted: int | None = None

    def __post_init__(self) -> None:
        self.stream = Stream(self.start, self.pipe, self.start.champion)
        self.measure = Measure(self.stream, reference(self.start))
        self.versions = {self.start.champion: Version(self.start.champion, champion_scores(self.start))}

    def tick(self, message: Json) -> Json:
        """Take in a tick, act on it, and return its decision record."""
        self.stream.take(message)
        now = self.stream.now
        for answer in message.get("answers", ()):
            self.questions.answer(str(answer["kind"]), bool(answer["real"]), now)
        evidence, diagnosis = self._judged()
        decision = self._decision(evidence, diagnosis)
        if decision.since and retraining.worth_looking_back(decision):
            evidence = replace(evidence, look_back=self._look_back(tick_of(decision.since)))
            decision = self._decision(evidence, diagnosis)
        self.evidence = evidence
        checks = self._act(decision, evidence)
        return {"t": now, "decision": dump(decision), "checks": [dump(check) for check in checks]}

    def _judged(self) -> tuple[Evidence, Diagnosis]:
        version = self._serving()
        evidence = self.measure.evidence(version.profile, self._usable(version.follow_from), self._usable(0))
        diagnosis = self._diagnosis(evidence)
        others = [name for name in self.versions if name != version.name]
        if diagnosis.verdict != "degraded" or diagnosis.since is None or not others:
            return evidence, diagnosis
        ticks = self._usable(tick_of(diagnosis.since))
        evidence = self.measure.with_archived(evidence, others, ticks, self._spread(evidence))
        return evidence, self._diagnosis(evidence)

    def _look_back(self, since: int) -> LookBack | None:
        """Return the sound ticks since then beside as many before."""
        sound = [t for t in range(self.stream.now + 1) if not self.questions.suspect(t)]
        after = [t for t in sound if t >= since]
        return self.measure.look_back(after, [t for t in sound if t < since][-max(len(after), 1) :])

    def _decision(self, evidence: Evidence, diagnosis: Diagnosis) -> Decision:
        return retraining.decide(evidence, diagnosis, self._history(), self.start.spec, time_of(self.stream.now + 1))

    def _diagnosis(self, evidence: Evidence) -> Diagnosis:
        spec = self.start.spec
        return question.judge(evidence, spec.policy, spec.label_delay, self._history())

    def _serving(self) -> Version:
        """Return the serving version; its profile forms from the rows that it was judged on and those after."""
        version = self.versions[self.stream.champion]
        if version.profile is None:
            ticks = self._usable(version.judged[0])
            version.profile = promoted_scores(self.stream, version.name, ticks)
            version.follow_from = ticks[-1] + 1 if ticks else version.follow_from
        return version

    def _usable(self, first: int) -> list[int]:
        """Return the ticks from `first` on that are due, labelled and under no suspicion."""
        due = range(first, self.stream.now - self.start.delay + 1)
        return [t for t in due if self.stream.labelled(t) and not self.questions.suspect(t)]

    def _spread(self, evidence: Evidence) -> float:
        return followed(evidence, self.start.spec.policy).spread

    def _history(self) -> History:
        return History(
            retrains=tuple(time_of(tick) for tick in reversed(self.retrains)),
            failures=tuple(time_of(tick) for tick in reversed(self.refusals)),
            last_promotion=time_of(self.promoted) if self.promoted is not None else None,
            kept=self.kept,
            learned=self.versions[self.stream.champion].learned,
            questions=self.questions.asked,
        )

    def _act(self, decision: Decision, evidence: Evidence) -> tuple[Check, ...]:
        if decision.action == "fix_data":
            kind: Kind = "label" if decision.cause == "label_quality" else "data"
            # Suspect from the first window that the finding names, else from the tick that showed it.
            first = tick_of(decision.since) if decision.since else self.stream.now
            features, looked_back = tuple(each.feature for each in decision.blame), retraining.broke_unseen(decision)
            self.questions.ask(kind, first, self.stream.now, features, looked_back)
            self.pipe.send({"type": "alert", "kind": kind})
        elif decision.action == "rollback" and decision.return_to and decision.since:
            self._promote(decision.return_to, tuple(self._usable(tick_of(decision.since))))
        elif decision.action == "retrain":
            candidate = decision.reuse or self._train(decision, evidence)
            return self._validate(candidate, evidence, decision)
        return ()

    def _train(self, decision: Decision, evidence: Evidence) -> Candidate:
        self.trained += 1
        name = f"c{self.trained}"
        assert decision.train_from and decision.train_until and evidence.reference_end  # noqa: S101
        beside = decision.train_from < evidence.reference_end
        first = decision.exclude[-1][1] if decision.exclude else max(decision.train_from, time_of(0))
        ticks = [t for t in self._usable(tick_of(first)) if time_of(t) < decision.train_until]
        self.stream.train(name, ticks, beside)
        self.retrains.append(self.stream.now)
        return Candidate(name, name, name, decision.train_until, decision.learned)

    def _validate(self, candidate: Candidate, evidence: Evidence, decision: Decision) -> tuple[Check, ...]:
        assert candidate.trained_until  # noqa: S101
        ticks = self._usable(tick_of(candidate.trained_until))
        paired = self.measure.paired(candidate.version, ticks, self._spread(evidence))
        policy, look = self.start.spec.policy, self.looks.get(candidate.version, 0) + 1
        self.looks[candidate.version] = look
        check = pay_back(paired, evidence, policy, lasting(policy, decision.since, self._history()), look)
        self.kept = candidate if check.outcome == "inconclusive" else None
        if check.outcome == "passed":
            self._promote(candidate.version, tuple(ticks), candidate.learned)
        elif check.outcome == "failed":
            self.refusals.append(self.stream.now)
        return (check,)

    def _promote(self, name: str, judged: tuple[int, ...], learned: Learned | None = None) -> None:
        self.pipe.send({"type": "promote", "model": name})
        self.stream.champion = name
        self.promoted = self.stream.now
        self.kept = None
        follow_from = (judged[-1] if judged else self.stream.now) + 1
        profile = promoted_scores(self.stream, name, judged)
        self.versions[name] = Version(name, profile, judged, follow_from, learned)

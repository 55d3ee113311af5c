"""One policy on its own way through a model's past: what it decides at each check, and what it then knows of itself."""

from dataclasses import dataclass, replace
from datetime import datetime

from autopilot.backtest import judging
from autopilot.backtest.history import Past, history
from autopilot.backtest.record import Asked, Check, Course, Record
from graph.advice import Advice
from graph.evidence import Evidence
from graph.model import Decision, History, Question, QuestionKind, Validation
from graph.policy import evidence as question
from graph.policy import outcomes, retraining
from graph.reasoning import care, narrowing
from graph.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Step:
    """What one policy made of one check."""

    run: str
    at: datetime
    champion: str | None
    decision: Decision
    course: Course | None = None
    """None where it does not act."""
    asks: bool = False
    """It opened a question to the owner."""
    unadvised: bool = False
    """A language model would have been asked about this decision, and what it would have said is not known."""


@dataclass(frozen=True, slots=True)
class Parting:
    """From which check on the record is no longer what this policy would have seen, and why."""

    run: str
    at: datetime
    why: str


class Seen:
    """What one check measured, judged once for each policy, history and moment: to judge is what a replay waits for."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._known: list[tuple[tuple[ModelSpec, History, datetime], Decision]] = []

    def decision(self, spec: ModelSpec, past: History, now: datetime) -> Decision:
        """Return what the rules decide, by the functions that a live check asks."""
        asked = (spec, past, now)
        found = next((decision for known, decision in self._known if known == asked), None)
        if found is None:
            diagnosis = question.judge(self.evidence, spec.policy, spec.label_delay, past)
            found = retraining.decide(self.evidence, diagnosis, past, spec, now)
            self._known.append((asked, found))
        return found


def as_it_was(record: Record) -> Past:
    """Return what was really done, asked and promoted."""
    inside = [each.course for each in record.checks if each.course]
    return Past([*record.before, *inside], record.asked, record.moved, record.paid, record.demoted)


def again(check: Check, seen: Seen, past: Past) -> Decision:
    """Return what the stored policy decides today on the stored evidence, with what was known then."""
    # When the rules read the clock is not stored: after the measuring, and before the decision was written down.
    found = _again(check, seen, past, check.at)
    earlier = found if found == check.decision else _again(check, seen, past, seen.evidence.as_of)
    return earlier if earlier == check.decision else found


def _again(check: Check, seen: Seen, past: Past, now: datetime) -> Decision:
    found = seen.decision(check.spec, placed(check, history(past, now, check.run, check.spec)), now)
    return narrowing.advised(found, check.decision.advice) if check.decision.advice else found


def placed(check: Check, past: History) -> History:
    """Return the past with where the model's wish stood then: what other models wished is a fact."""
    return replace(past, place=check.decision.place)


class Line:
    """A policy that goes from check to check. What it did itself is its history; what was promoted is everybody's."""

    def __init__(self, spec: ModelSpec, record: Record) -> None:
        self.spec = spec
        self.steps: list[Step] = []
        self.parting: Parting | None = None
        self._record = record
        # Before the range, and where a person acted, what was done is a fact for every policy.
        unmeasured = [each.course for each in record.checks if each.course and not each.measured]
        self._courses = [*record.before, *unmeasured]
        self._asked = [each for each in record.asked if record.since and each.question.asked_at < record.since]
        self._replayed = {each.run for each in record.checks if each.measured}
        self._own: set[str] = set()
        """Of these: those whose real course is this policy's own too."""
        self._advised = any(each.decision.advice for each in record.checks)

    def take(self, check: Check, seen: Seen) -> Step:
        """Decide about one check, and remember what was done about it."""
        self._look_back(check)
        record = self._record
        known = Past(self._courses, self._asked, record.moved, record.paid, record.demoted)
        past = placed(check, history(known, check.at, check.run, self.spec))
        decision = seen.decision(self.spec, past, check.at)
        advice = _applicable(check.decision, decision)
        if advice:
            decision = narrowing.advised(decision, advice)
        unadvised = self._advised and advice is None and care.worth_asking(decision)
        course = self._act(check, decision, seen.evidence)
        asks = self._ask(check, decision) or (course is not None and course.real and _asked_by(self._record, check))
        step = Step(check.run, check.at, seen.evidence.champion, decision, course, asks, unadvised)
        self.steps.append(step)
        self._look_aside(check, step)
        return step

    def _act(self, check: Check, decision: Decision, evidence: Evidence) -> Course | None:
        if outcomes.of_decision(decision, self.spec.policy.mode) is not None:
            return None
        course = self._shared(check, decision, evidence)
        if course is None:
            trained = check.at if decision.action == "retrain" and decision.reuse is None else None
            course = Course(check.run, check.at, check.at, trained_at=trained, real=False, known=False)
        self._courses.append(course)
        return course

    def _shared(self, check: Check, decision: Decision, evidence: Evidence) -> Course | None:
        """Return what really became of this very work, as far as this policy's own gate lets it go on."""
        course = check.course
        if course is None or not _same_work(check.decision, decision):
            return None
        # What its validation made of the labels was asked in this policy's name too.
        self._asked += [each for each in self._record.asked if each.run == check.run]
        if check.validation is None:
            self._own.add(check.run)
            return course
        then = history(as_it_was(self._record), check.validation.validated_at, check.run)
        look = 1 + sum(_judged_before(each, check.validation) for each in self._record.checks)
        judged = judging.outcome(check, evidence, self.spec, self._record.asked, then, look)
        if judged == check.validation.outcome:
            self._own.add(check.run)
            return course
        ends = outcomes.of_validation(judged, by_person=False) if judged else None
        if ends is None:
            # Nobody was asked about it, or it cannot be judged from what is stored.
            return replace(course, ended_at=None, outcome=None, promoted=None, known=False)
        return replace(course, ended_at=check.validation.validated_at, outcome=ends, promoted=None)

    def _ask(self, check: Check, decision: Decision) -> bool:
        """Open a question where the decision asks one, or widen the open one of its kind. True for a new one."""
        doubted = decision.advice is not None and decision.advice.outcome == "doubted"
        if not (decision.quarantine or doubted):
            return False
        kind: QuestionKind = "label" if decision.quarantine and decision.cause == "label_quality" else "data"
        features = tuple(each.feature for each in decision.blame) if decision.quarantine else ()
        place = next((at for at, each in enumerate(self._asked) if _open(each, kind, check.at)), None)
        if place is None:
            question = self._question(check, kind, features)
            self._asked.append(Asked(check.run, replace(question, looked_back=retraining.broke_unseen(decision))))
            return True
        known = self._asked[place]
        wider = tuple(sorted({*known.question.features, *features}))
        looked_back = known.question.looked_back and retraining.broke_unseen(decision)
        self._asked[place] = replace(known, question=replace(known.question, features=wider, looked_back=looked_back))
        return False

    def _question(self, check: Check, kind: QuestionKind, features: tuple[str, ...]) -> Question:
        """Return the question with the answer that its like really got; one that nobody was asked stays open."""
        asked = Question(kind, check.at, features)
        like = next((each for each in self._record.asked if _open(each, kind, check.at)), None)
        if like is None:
            return asked
        return replace(asked, answered_at=like.question.answered_at, genuine=like.question.genuine)

    def _look_back(self, check: Check) -> None:
        """Notice a champion that this policy would not have made."""
        for moved in self._record.moved:
            if moved.at <= check.at and moved.run in self._replayed and moved.run not in self._own:
                self._part(check, f"version {moved.version} serves, which this policy had not asked for")

    def _look_aside(self, check: Check, step: Step) -> None:
        """Notice what this policy does here and nobody did, or the other way round."""
        if step.course and not step.course.known:
            done = "its gate says otherwise here" if step.course.real else "it acts here, and nobody did"
            self._part(check, f"{done}: what would have come of that is not known")
        elif step.decision.quarantine != check.decision.quarantine:
            done = "sets rows aside" if step.decision.quarantine else "keeps rows in use"
            self._part(check, f"it {done} here, unlike the record")

    def _part(self, check: Check, why: str) -> None:
        self.parting = self.parting or Parting(check.run, check.at, why)


def recorded(check: Check, champion: str | None, record: Record) -> Step:
    """Return the check as it really went."""
    return Step(check.run, check.at, champion, check.decision, check.course, _asked_by(record, check))


def _asked_by(record: Record, check: Check) -> bool:
    return any(each.run == check.run for each in record.asked)


def _open(asked: Asked, kind: QuestionKind, now: datetime) -> bool:
    answered = asked.question.answered_at
    return asked.question.kind == kind and asked.question.asked_at <= now and (answered is None or answered > now)


def _same_work(one: Decision, other: Decision) -> bool:
    """Tell whether two decisions start the same work: then what became of the one is what becomes of the other."""
    return _work(one) == _work(other)


def _work(decision: Decision) -> tuple[object, ...]:
    reused = decision.reuse.version if decision.reuse else None
    window = (decision.train_from, decision.train_until, decision.exclude)
    return (decision.action, reused, decision.return_to, window, decision.harm_from, decision.harm_until)


def _judged_before(check: Check, found: Validation) -> bool:
    """Tell whether a check scored the same challenger earlier."""
    other = check.validation
    if other is None or other.alpha <= 0 or other.validated_at >= found.validated_at:
        return False
    ours, theirs = found.challenger, other.challenger
    return (ours.name, ours.version) == (theirs.name, theirs.version)


def _applicable(stored: Decision, decision: Decision) -> Advice | None:
    """Return the stored advice where it was given about the same decision."""
    advice = stored.advice
    if advice is None:
        return None
    about = next((rule.limit for rule in stored.rules if rule.rule == narrowing.RULE), stored.action)
    same = (stored.verdict, stored.cause, about) == (decision.verdict, decision.cause, decision.action)
    return advice if same else None

"""What happens to a question: read and profile, then generate, advise, execute and check until an answer stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from ..exceptions import BadInput, Cancelled, CSVAgentError, DeadlineExceeded, Failed, KernelDied, LimitExceeded
from ..messages import (
    Answer,
    Attempt,
    Event,
    Execution,
    ExecutionError,
    LimitHit,
    Note,
    Prompt,
    Question,
    Turn,
)
from .account import Account
from .advice import advise
from .checks import Finding, check
from .code import Reply, extract
from .desk import Desk, Workplace
from .disclosure import outbound, share_for
from .generation import Generation
from .reading import Reading, Told, forget, prepare, profile_tables, read_tables, turns_for
from .replay import prepare_replay
from .result import alt_texts, keep_result, text_of
from .script import write_script
from .setback import DEATHS, LIMIT_EXCEEDED, Setback, death, of_advice, of_check, of_error, of_missing_code, told

MAX_QUESTION: Final = 20_000

T = TypeVar("T")


async def answer(question: Question, desk: Desk) -> AsyncIterator[Event]:
    """Answer a question: yield its progress, and last the one event of type "result".

    Whoever wants to tell what was done when a run is cancelled makes a `Run` and asks it.
    """
    async with aclosing(Run(question, desk).events()) as events:
        async for event in events:
            yield event


class Run:
    """One question on its way to an answer, and what was done for it so far."""

    def __init__(self, question: Question, desk: Desk) -> None:
        self.question = question
        self.desk = desk
        share = share_for(desk.model, desk.share, desk.ceiling, desk.agreed) if desk.model is not None else None
        self.account = Account(question, desk, share)
        self._clock = asyncio.get_running_loop().time
        self._deadline = self._clock() + desk.timeout
        self._opening: asyncio.Task[Workplace] | None = None
        self._place: Workplace | None = None
        self._accepted: tuple[str, Execution, tuple[Finding, ...]] | None = None
        self._built_on: tuple[Turn, ...] = ()
        self._has_died = False

    # --- what the runner calls --------------------------------------------------------------------------------------

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the events of the run; the last one is its result, also when it ends with a CSVAgentError.

        Only cancellation passes through, after the model's stream and the kernel were stopped: `cancelled_answer`
        then tells what was done. Close this generator (`contextlib.aclosing`) when you leave it early.
        """
        left = False
        try:
            walk = self._replay() if self.desk.original is not None else self._ask()
            try:
                async with aclosing(walk) as steps:
                    async for event in steps:
                        try:
                            yield event
                        except GeneratorExit:
                            left = True
                            raise
            except CSVAgentError as error:
                # Whoever left takes no result any more, also when leaving met a trouble of its own.
                if left:
                    return
                status = "cancelled" if isinstance(error, Cancelled) else "error"
                yield self.account.event(type="result", status=status, result=self.unanswered(error))
        finally:
            await asyncio.shield(self._leave())

    def unanswered(self, error: CSVAgentError) -> Answer:
        """Return the answer of a run that ended with `error`, with all that was done until then."""
        return self.account.unanswered(error)

    def cancelled_answer(self) -> Answer:
        """Return what was done until the run was stopped, the attempt under way included."""
        return self.account.cancelled()

    # --- the walk ---------------------------------------------------------------------------------------------------

    async def _ask(self) -> AsyncGenerator[Event, None]:
        self._refuse_bad_question()
        async with aclosing(self._read()) as steps:
            async for event in steps:
                yield event
        place, reading = await self._open(), self._reading
        turns = turns_for(reading, self.desk.turns)
        try:
            async with aclosing(self._attempt_until_it_works(place, reading, turns)) as steps:
                async for event in steps:
                    yield event
        except Cancelled:
            raise
        except CSVAgentError as error:
            if self._accepted is None:
                raise
            # A doubtful result is more than none: the reader gets it, and why no better one was tried.
            self.account.notes.append(Note("info", error.say(self.desk.language)))
        if self._accepted is None:
            raise self._failed()
        result = await self._finish(reading, [turn.code for turn in self._built_on])
        yield self.account.progress("done")
        yield result

    async def _replay(self) -> AsyncGenerator[Event, None]:
        """Run the saved script's code on the question's sources, without a model."""
        assert self.desk.original is not None
        async with aclosing(self._read()) as steps:
            async for event in steps:
                yield event
        saved = prepare_replay(self.desk.original, self._reading, self.desk.language)
        self.account.profiles, self.account.interpretation = saved.reading.profiles, self.desk.original.interpretation
        self.account.notes += saved.notes
        place = await self._open()
        # The saved names take the place of what the session's turns made.
        forget(place)
        await prepare(place, saved.reading, (), saved.code, self._left)
        self.account.number, self.account.code = 1, saved.code
        yield self.account.progress("executing", key="replaying", code=saved.code)
        error = None
        for code in saved.earlier:
            error = error or (await self._execute(place, code)).error
        execution = await self._execute(place, saved.code) if error is None else Execution(error=error)
        forget(place)
        self.account.attempts.append(Attempt(1, saved.code, execution.error, execution.seconds))
        if execution.error is not None:
            failed = of_error(saved.code, execution.error, execution.limits, self.desk.language).error
            raise Failed("agent.replay_failed", error=told(failed, self.desk.language))
        yield self.account.progress("checking", key="replay_checking")
        self._accepted = (saved.code, execution, await _checked(execution, saved.code))
        result = await self._finish(saved.reading, saved.earlier)
        yield self.account.progress("done")
        yield result

    def _refuse_bad_question(self) -> None:
        if not self.question.text.strip():
            raise BadInput("agent.empty_question")
        if (characters := len(self.question.text)) > MAX_QUESTION:
            raise BadInput("agent.long_question", characters=characters, most=MAX_QUESTION)
        if self.desk.model is None:
            raise BadInput("agent.no_model")

    async def _read(self) -> AsyncGenerator[Event, None]:
        """Read and profile the sources, while the kernel starts."""
        if not self.question.sources:
            raise BadInput("agent.no_source")
        yield self.account.reading()
        self._opening = asyncio.create_task(self._acquire())
        # A kernel that is kept comes at once, and with it the tables that were read before.
        await asyncio.wait({self._opening}, timeout=0.02)
        known = self._place.read if self._place is not None else {}
        heard = Told()
        work = partial(read_tables, self.question.sources, self.desk, known, heard.tell)
        async with aclosing(heard.until(lambda: self._within(work()))) as steps:
            async for far in steps:
                yield self.account.reading(far)
        yield self.account.progress("profiling")
        self._reading = await self._within(profile_tables(heard.read, self.desk))
        self.account.profiles = self._reading.profiles
        yield self.account.profiled()

    async def _attempt_until_it_works(
        self, place: Workplace, reading: Reading, turns: tuple[Turn, ...]
    ) -> AsyncGenerator[Event, None]:
        setback: Setback | None = None
        for number in range(1, self.desk.max_attempts + 1):
            self.account.begin_attempt(number)
            if not place.kernel.alive:
                place = await self._reopen(place)
            started = self._clock()
            yield self.account.progress("generating", model=self.desk.model.name if self.desk.model else None)
            async with aclosing(self._generate(place, reading, turns, setback)) as steps:
                async for event in steps:
                    yield event
            reply = self._take_reply()
            if self._accepted is not None and reply.code == self._accepted[0]:
                return
            goes_on = tuple(turn for turn in turns if not turn.paths)
            setback = self._advise(reply, place, goes_on)
            if setback is None:
                yield self.account.progress("executing", code=reply.code)
                built_on = await prepare(place, reading, goes_on, reply.code, self._left)
                execution = await self._execute(place, reply.code)
                if execution.error is None:
                    yield self.account.progress("checking", code=reply.code)
                setback = await self._judge(reply.code, execution, place, built_on)
            attempt = Attempt(number, reply.code, setback.error if setback else None, self._clock() - started)
            repeated = any((a.code, a.error) == (attempt.code, attempt.error) for a in self.account.attempts)
            self.account.attempts.append(attempt)
            if setback is None or repeated:
                return
            if number < self.desk.max_attempts:
                error = told(setback.error, self.desk.language)
                yield self.account.progress("repairing", code=reply.code, failed=attempt, error=error)

    # --- one attempt ------------------------------------------------------------------------------------------------

    async def _generate(
        self, place: Workplace, reading: Reading, turns: tuple[Turn, ...], setback: Setback | None
    ) -> AsyncGenerator[Event, None]:
        assert self.desk.model is not None and self.account.share is not None
        prompt = Prompt(
            question=self.question.text,
            language=self.desk.language,
            profiles=reading.profiles,
            turns=turns,
            failure=setback.failure if setback else None,
            libraries=place.kernel.libraries,
            max_tokens=self.desk.max_tokens,
            find_values=reading.find_values,
        )
        ours = setback is not None and setback.ours
        # In a thread: the gate may look names up in the cells of a large table.
        gate = partial(outbound, prompt, self.desk.model, self.account.share, failure_is_ours=ours)
        shown = await self._within(asyncio.to_thread(gate))
        self.account.generation = Generation(
            desk=self.desk,
            model=self.desk.model,
            prompt=shown,
            share=self.account.share,
            attempt=self.account.number,
            deadline=self._deadline,
            spending=self.account.spending,
        )
        async with aclosing(self.account.generation.deltas()) as deltas:
            async for delta in deltas:
                yield self.account.progress("generating", code_delta=delta)

    def _take_reply(self) -> Reply:
        assert self.account.generation is not None
        reply = extract(self.account.generation.text)
        if self.account.generation.cut:
            reply = replace(reply, cut=True)
        self.account.generation, self.account.code = None, reply.code
        self.account.interpretation = reply.interpretation or self.account.interpretation
        return reply

    def _advise(self, reply: Reply, place: Workplace, turns: tuple[Turn, ...]) -> Setback | None:
        if not reply.code:
            return of_missing_code(self.desk.language, cut=reply.cut)
        advice = advise(reply.code, self.account.profiles, place.kernel.libraries, [turn.code for turn in turns])
        return of_advice(reply, advice, self.desk.language) if advice is not None else None

    async def _execute(self, place: Workplace, code: str) -> Execution:
        try:
            return await place.kernel.execute(code, timeout=self._left(), on_output=self.account.hear)
        except DeadlineExceeded:
            forget(place)
            raise DeadlineExceeded("agent.timeout_run", seconds=self.desk.timeout) from None
        except LimitExceeded as error:
            # The kernel is gone, and yet it is an error of the code: other code may do with less.
            forget(place)
            hit = LimitHit(error.values["name"], error.values["limit"])
            return Execution(error=ExecutionError(LIMIT_EXCEEDED, ""), limits=(hit,))
        except KernelDied as error:
            forget(place)
            if not self._may_die(error):
                raise
            return Execution(error=death(error, self.desk.language))
        except (asyncio.CancelledError, CSVAgentError):
            forget(place)
            raise

    def _may_die(self, error: KernelDied) -> bool:
        """Tell whether other code may be tried: once only, because what uses up a machine's memory harms others too."""
        if error.key not in DEATHS or self._has_died or self.desk.original is not None:
            return False
        self._has_died = True
        return self.account.number < self.desk.max_attempts

    async def _judge(
        self, code: str, execution: Execution, place: Workplace, built_on: tuple[Turn, ...]
    ) -> Setback | None:
        """Take the execution as the answer, or say why it is not good enough.

        One that ran and is only doubtful stands as the answer for as long as there is no better one; what it made is
        taken out of the kernel again, for the next attempt must not build on it.
        """
        if execution.error is not None:
            return of_error(code, execution.error, execution.limits, self.desk.language)
        findings = await _checked(execution, code)
        severe = next((finding for finding in findings if finding.severe), None)
        if severe is None:
            self._accepted, self._built_on = (code, execution, findings), built_on
            place.turns += (self.desk.task_id,)
            return None
        if severe.key != "check_nothing":
            self._accepted, self._built_on = (code, execution, findings), built_on
        forget(place)
        return of_check(code, severe, self.desk.language)

    # --- the end ----------------------------------------------------------------------------------------------------

    async def _finish(self, reading: Reading, earlier: Sequence[str]) -> Event:
        """Keep the parts of the result and make the answer of it."""
        assert self._accepted is not None
        code, execution, findings = self._accepted
        kept = await keep_result(execution, self.desk.keep)
        language = self.desk.language
        self.account.notes += [finding.note(language) for finding in findings]
        if kept.trouble is not None:
            self.account.notes.append(Note("warning", kept.trouble.say(language)))
        self.account.notes += [Note("warning", hit.say(language)) for hit in execution.limits]
        answer = replace(
            self.account.answer(success=True),
            final_code=code,
            script=write_script(reading.read_code, earlier, code, figures=bool(execution.plots)),
            text_output=text_of(execution, language),
            plots=kept.plots,
            plots_svg=kept.plots_svg,
            alt_texts=alt_texts(execution, language),
            tables=kept.tables,
            charts=execution.charts,
            value=execution.value,
            files=kept.files,
        )
        return self.account.event(type="result", status="success", result=answer)

    def _failed(self) -> Failed:
        last = self.account.attempts[-1]
        error = told(last.error or ExecutionError("NoCode", ""), self.desk.language)
        repeated = any((a.code, a.error) == (last.code, last.error) for a in self.account.attempts[:-1])
        key = "agent.failed" if not repeated else "agent.failed_twice" if last.code else "agent.failed_no_code"
        return Failed(key, attempts=len(self.account.attempts), error=error)

    # --- around it --------------------------------------------------------------------------------------------------

    def _left(self) -> float:
        """Return the seconds that are left; raises DeadlineExceeded when there are none."""
        left = self._deadline - self._clock()
        if left <= 0:
            raise DeadlineExceeded("agent.timeout_run", seconds=self.desk.timeout)
        return left

    async def _within(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await work
        except TimeoutError:
            self._left()
            raise

    async def _acquire(self) -> Workplace:
        self._place = await self.desk.acquire()
        self.account.kernel = self._place.kernel
        return self._place

    async def _open(self) -> Workplace:
        assert self._opening is not None
        return await self._within(asyncio.shield(self._opening))

    async def _reopen(self, place: Workplace) -> Workplace:
        """Take another kernel for one that a limit has ended."""
        self._opening = self._place = None
        await self.desk.release(place)
        self._opening = asyncio.create_task(self._acquire())
        return await self._open()

    async def _leave(self) -> None:
        """Give the kernel back, also when it was still starting."""
        if self._opening is None:
            return
        if not self._opening.done():
            self._opening.cancel()
        await asyncio.wait({self._opening})
        if not self._opening.cancelled():
            self._opening.exception()
        if self._place is not None:
            await self.desk.release(self._place)


async def _checked(execution: Execution, code: str) -> tuple[Finding, ...]:
    """Check in a thread: many large pictures take seconds, and whoever stops the run does not wait for them."""
    return await asyncio.to_thread(check, execution, code)

"""Who calls the nodes of the loop: a plain loop, or a LangGraph. The steps are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.agents.deciding import State
from helmsight.agents.errors import CannotResume
from helmsight.agents.loop import Answer, Loop, Request
from helmsight.contract.identity import differences

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

NODES = ("look", "ground", "decide", "refuse", "guard", "act")
THREAD = "episode"
STEPS = 1_000_000  # of a graph: every decision is five, and an episode has no fixed length


def after(node: str, state: State) -> str | None:
    """Return the node that follows `node`, None at the end of the episode."""
    if node == "look":
        return "refuse" if state["stale"] else "ground"
    if node == "act":
        return None if state["reason"] else "look"
    return {"ground": "decide", "decide": "guard", "refuse": "guard", "guard": "act"}[node]


def plainly(loop: Loop, ask: Callable[[Request], Answer]) -> str:
    """Run the loop to its end and return why it ended."""
    loop.approval = ask
    state: State = {"index": len(loop.records), "reason": ""}
    node: str | None = "look"
    while node is not None:
        state.update(getattr(loop, node)(state))
        node = after(node, state)
    return state["reason"]


def by_graph(
    loop: Loop,
    ask: Callable[[Request], Answer],
    checkpoint: Path | None = None,
    run: Mapping[str, Any] | None = None,
) -> str:
    """Run the loop as a LangGraph and return why it ended.

    A command that waits for a person interrupts the graph. With `checkpoint` the question
    outlives the process: a run that is resumed asks it again, not the pilot. `run` is the
    `contract.identity.identity` of this one.

    Raises:
        CannotResume: in `checkpoint` a command of another run waits.
    """
    from langgraph.types import Command as Resume
    from langgraph.types import interrupt

    loop.approval = interrupt
    with checkpointer(checkpoint) as saver:
        graph = build(loop, saver)
        thread: Any = {"configurable": {"thread_id": THREAD}, "recursion_limit": STEPS}
        # only what waits has to be on disk; the run folder keeps the steps
        options: Any = {"durability": "exit"}
        state: Any = _waiting(graph, thread, len(loop.records), run or {})
        if state is None:
            saver.delete_thread(THREAD)
            state = graph.invoke(
                {"index": len(loop.records), "reason": "", "run": dict(run or {})},
                thread,
                **options,
            )
        while "__interrupt__" in state:
            reply = ask(dict(state["__interrupt__"][0].value))
            state = graph.invoke(Resume(resume=reply), thread, **options)
        return str(state["reason"])


def build(loop: Loop, saver: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Return the compiled graph over the nodes of `loop`."""
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(State)
    for node in NODES:
        graph.add_node(node, getattr(loop, node))
    graph.add_edge(START, "look")
    for node in ("ground", "decide", "refuse", "guard"):
        graph.add_edge(node, str(after(node, {})))
    graph.add_conditional_edges("look", lambda state: after("look", state), ["refuse", "ground"])
    graph.add_conditional_edges("act", lambda state: after("act", state) or END, [END, "look"])
    return graph.compile(checkpointer=saver)


def _waiting(graph: Any, thread: Any, index: int, run: Mapping[str, Any]) -> Any:
    """Return the state of a graph whose decision number `index` waits for a person, or None."""
    snapshot = graph.get_state(thread)
    if not snapshot.interrupts:
        return None
    if other := differences(snapshot.values.get("run", {}), run):
        raise CannotResume(
            f"in the checkpoint a command of another run waits: {other}; go on with that run, or "
            "give another checkpoint"
        )
    if snapshot.values.get("index") != index:
        return None
    return {**snapshot.values, "__interrupt__": snapshot.interrupts}


@contextmanager
def checkpointer(path: Path | None) -> Iterator[Any]:
    """Yield a LangGraph checkpointer: SQLite at `path`, or in memory."""
    if path is None:
        from langgraph.checkpoint.memory import InMemorySaver

        yield InMemorySaver()
        return
    import sqlite3

    from langgraph.checkpoint.sqlite import SqliteSaver

    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        yield SqliteSaver(connection)
    finally:
        connection.close()

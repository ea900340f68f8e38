from __future__ import annotations

import json

from helmsight.tools.export.chat import ChatWriter


def test_each_line_is_a_conversation_and_each_picture_is_written_once(tmp_path, lesson):
    with ChatWriter(tmp_path) as writer:
        writer.add(lesson(0), "train")
        writer.add(lesson(1), "train")
        writer.add(lesson(2, b"another"), "test")
    assert dict(writer.counts) == {"train": 2, "test": 1, "pictures": 2}
    first, second = map(json.loads, (tmp_path / "train.jsonl").read_text("utf-8").splitlines())
    assert first["images"] == second["images"]
    assert (tmp_path / first["images"][0]).read_bytes() == lesson().pictures[0].data
    assert [turn["role"] for turn in first["messages"]] == ["system", "user", "assistant"]
    question = first["messages"][1]["content"]
    assert question == [{"type": "image"}, {"type": "text", "text": "Now, at step 0? ü"}]
    assert first["messages"][2]["content"] == [{"type": "text", "text": "{}"}]
    assert (first["run"], first["step"], first["score"], first["success"]) == ("run-1", 0, 3.5, 1)

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from helmsight.tools.video import STRIP, VideoWriter, caption, captioned


def _decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)]


def test_a_video_holds_every_frame_in_a_format_browsers_play(tmp_path, frame):
    writer = VideoWriter(tmp_path / "video.mp4")
    for index in range(23):
        writer.add(frame(index))
    writer.close()
    writer.close()
    assert len(_decoded(writer.path)) == writer.count == 23
    data = writer.path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"moof" not in data
    with av.open(str(writer.path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]


def test_the_picture_of_a_step_is_shown_at_its_own_time(tmp_path, frame):
    writer = VideoWriter(tmp_path / "video.mp4")
    for index in range(8):
        writer.add(frame(index))
    writer.close()
    with av.open(str(writer.path)) as container:
        shown = [picture.time for picture in container.decode(video=0)]
    assert shown == pytest.approx([index / 10 for index in range(8)])


def test_an_unfinished_video_plays_up_to_its_last_key_frame(tmp_path, frame):
    writer = VideoWriter(tmp_path / "video.mp4")
    for index in range(55):
        writer.add(frame(index))
    killed = tmp_path / "killed.mp4"
    killed.write_bytes(writer.path.read_bytes())
    writer.close()
    assert len(_decoded(killed)) >= 20


def test_odd_sizes_are_padded(tmp_path, frame):
    writer = VideoWriter(tmp_path / "video.mp4")
    writer.add(frame(0, height=65, width=91))
    writer.close()
    assert _decoded(writer.path)[0].shape == (66, 92, 3)


def test_a_video_without_frames_is_no_file(tmp_path):
    VideoWriter(tmp_path / "video.mp4").close()
    assert not (tmp_path / "video.mp4").exists()


def test_the_caption_says_the_command_and_what_went_wrong(record, spec):
    step = record(7, repairs={"local": 1}, clamped=["speed"], late=True)
    left, command, marks = caption(step, spec().task)
    assert "7" in left
    assert "forward +0.50" in command
    assert "0.50 s" in command
    assert marks == "local, speed, late"


def test_the_strip_lies_below_an_untouched_picture(record, frame, spec):
    picture = frame(2, height=180, width=640)
    shown = captioned(picture, record(2), spec().task)
    assert shown.shape == (180 + STRIP, 640, 3)
    assert np.array_equal(shown[:180], picture)
    assert shown[180:].max() > 150

"""Files of weights that somebody made to do harm: refused in words, and nothing is run."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.torch_version import TorchVersion
from torchvision.models import ResNet18_Weights

from plugin.errors import InputError
from plugin.learning.checkpoint_files import read_checkpoint
from plugin.learning.official_weights import official_weights


class Runs:
    """What makes a folder where it is unpickled."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._folder),)


def _rewritten(source: Path, target: Path, change: Any, compress: int = zipfile.ZIP_STORED) -> None:
    """A checkpoint with its records changed: ``change(name, data)`` gives the new data."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compress) as new:
        for record in old.infolist():
            new.writestr(record.filename, change(record.filename, old.read(record)))


def _as_zip(path: Path, ran: Path) -> None:
    torch.save({"state_dict": {"w": torch.zeros(2)}, "more": Runs(ran)}, path)


def _as_old_file(path: Path, ran: Path) -> None:
    torch.save({"w": Runs(ran)}, path, _use_new_zipfile_serialization=False)


def _as_pickle(path: Path, ran: Path) -> None:
    path.write_bytes(pickle.dumps({"w": Runs(ran)}))


def _as_array(path: Path, ran: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([Runs(ran)], dtype=object), allow_pickle=True)


def _as_tar(path: Path, ran: Path) -> None:
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            data = pickle.dumps(Runs(ran))
            record = tarfile.TarInfo(name)
            record.size = len(data)
            archive.addfile(record, io.BytesIO(data))


def _as_link_out_of_a_tar(path: Path, ran: Path) -> None:
    (path.parent / "aim").write_bytes(pickle.dumps(Runs(ran)))
    with tarfile.open(path, "w") as archive:
        for name in ("storages", "tensors", "pickle"):
            record = tarfile.TarInfo(name)
            record.type, record.linkname = tarfile.SYMTYPE, str(path.parent / "aim")
            archive.addfile(record)


def _as_script(path: Path, ran: Path) -> None:
    script = torch.jit.script(torch.nn.Linear(2, 2))
    torch.jit.save(script, str(path))


@pytest.mark.parametrize(
    "written",
    [_as_zip, _as_old_file, _as_pickle, _as_array, _as_tar, _as_link_out_of_a_tar, _as_script],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nothing_in_a_checkpoint_is_run(tmp_path: Path, written: Any) -> None:
    file, ran = tmp_path / "w.pt", tmp_path / "ran"
    written(file, ran)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"^weights: "):
        read_checkpoint(file)
    assert sorted(tmp_path.iterdir()) == before


def test_what_lies_in_torch_s_cache_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unasked, torch unpickles a cached file of official weights, and does not check it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cached = tmp_path / "hub" / "checkpoints" / Path(ResNet18_Weights.DEFAULT.url).name
    cached.parent.mkdir(parents=True)
    torch.save({"fc.weight": Runs(tmp_path / "ran")}, cached)
    with pytest.raises(InputError, match="cannot be read"):
        official_weights("resnet18", "DEFAULT")
    assert not (tmp_path / "ran").exists()


def test_archives_that_unpack_to_more_than_they_are_are_refused(tmp_path: Path) -> None:
    """4 MB of zeros in 5 kB, and records that share their bytes."""
    torch.save({"w": torch.zeros(1_000_000)}, tmp_path / "plain.pt")
    small = tmp_path / "small.pt"
    _rewritten(tmp_path / "plain.pt", small, lambda _, data: data, zipfile.ZIP_DEFLATED)
    assert small.stat().st_size < 20_000
    tracemalloc.start()
    with pytest.raises(InputError, match="compressed records"):
        read_checkpoint(small)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    shared = tmp_path / "shared.pt"
    with zipfile.ZipFile(shared, "w") as archive:
        archive.writestr("a/data.pkl", b"x" * 5_000)
        first = archive.infolist()[0]
        for i in range(9):
            other = zipfile.ZipInfo(f"a/data/{i}")
            for name in ("file_size", "compress_size", "header_offset", "CRC"):
                setattr(other, name, getattr(first, name))
            archive.filelist.append(other)
            archive.NameToInfo[other.filename] = other
    with pytest.raises(InputError, match="larger than the file"):
        read_checkpoint(shared)


def test_tensors_that_claim_more_than_there_is_are_refused(tmp_path: Path) -> None:
    vast = torch.zeros(1).expand(1 << 40)
    torch.save({"w": vast}, tmp_path / "vast.pt")
    with pytest.raises(InputError, match="more numbers than the file holds"):
        read_checkpoint(tmp_path / "vast.pt")
    torch.save({"w": torch.zeros(4)}, tmp_path / "w.pt")

    def longer(name: str, data: bytes) -> bytes:
        return data.replace(b"K\x04", b"J\x00\x00\x00\x7f") if name.endswith(".pkl") else data

    _rewritten(tmp_path / "w.pt", tmp_path / "longer.pt", longer)
    with pytest.raises(InputError, match=r"^weights: .* cannot be loaded"):
        read_checkpoint(tmp_path / "longer.pt")


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(2, device="meta"),
        torch.eye(3).to_sparse(),
        torch.zeros(2, dtype=torch.complex64),
    ],
    ids=["meta", "sparse", "complex"],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path, value: torch.Tensor) -> None:
    torch.save({"w": value}, tmp_path / "w.pt")
    with pytest.raises(InputError, match=r"^weights: "):
        read_checkpoint(tmp_path / "w.pt")


def test_ordinary_checkpoints_are_read(tmp_path: Path) -> None:
    state = {"module.w": torch.arange(6.0).view(2, 3).T, "n": torch.tensor(3), "who": "me"}
    for at, new in enumerate((True, False)):
        path = tmp_path / f"{at}.pt"
        torch.save(
            {"state_dict": state, "torch": str(TorchVersion(torch.__version__))},
            path,
            _use_new_zipfile_serialization=new,
        )
        read = read_checkpoint(path)
        assert set(read) == {"w", "n"}
        assert torch.equal(read["w"], state["module.w"])

"""A separator that was never trained, exported: small, quick, and enough for what must hold of all.

Its masks are the mess of random weights, so that whatever adds up does not do so by chance.
"""

from __future__ import annotations

from pathlib import Path

CARD = "# A separator for tests\n\n| | |\n|---|---|\n| stems | four |\n"


def untrained(folder: Path, recurring: str = "") -> Path:
    """The file of an untrained separator in `folder`, its card beside it.

    recurring: how many recurring spectra each stem has; none, where masks are to stay as they are.
    """
    import torch

    from loopmind.analysis.listening.stft import BINS
    from loopmind.learn.export import export_onnx
    from loopmind.learn.separation.net import NetSize, Separator
    from loopmind.learn.sounds.pieces import STEMS

    torch.manual_seed(0)
    net = Separator(NetSize(8, 16, 8, (1, 3)))
    with torch.no_grad():
        for head in net.heads:
            head.weight.mul_(2.0)
    path = folder / "untrained.onnx"
    export_onnx(
        net, (torch.randn(1, 20, 4, BINS),), (("spectra",), ("masks",)),
        {"spectra": {1: "frames"}, "masks": {2: "frames"}}, path, CARD,
        others=((torch.randn(1, 9, 4, BINS),),),
        notes={"stems": ",".join(STEMS), "context_frames": str(net.size.context_frames),
               "recurring": recurring},
    )  # fmt: skip
    return path

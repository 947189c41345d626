"""A recogniser that takes part in no edit: the second opinion on who somebody is."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

SECOND_CROP = 224
SECOND_SIDE = 0.76  # of the frame, about its middle
# Channels and stride of the depthwise separable blocks.
SECOND_BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1)
)  # fmt: skip


class SecondRecogniser(nn.Module):
    """``faceres`` of the npm package ``@vladmandic/human``, a MobileNet (Howard et al., 2017).

    Input float32 (N, 3, 224, 224), RGB in [0, 1], the middle of the frame. Output float32 (N, 1024)
    of length 1: two photos of one person have a large cosine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2)
        blocks, channels = [], 32
        for outputs, stride in SECOND_BLOCKS:
            blocks.append(nn.Conv2d(channels, channels, 3, stride, groups=channels))
            blocks.append(nn.Conv2d(channels, outputs, 1))
            channels = outputs
        self.blocks = nn.ModuleList(blocks)

    def forward(self, crop: Tensor) -> Tensor:
        return F.normalize(self.features(crop), dim=1)

    def features(self, crop: Tensor) -> Tensor:
        """Return the descriptor (N, 1024) as the network has it, none of it negative."""
        x = F.relu6(self.stem(_padded(crop * 255, 2)))
        for n, (_, stride) in enumerate(SECOND_BLOCKS):
            x = F.relu6(self.blocks[2 * n](_padded(x, stride)))
            x = F.relu6(self.blocks[2 * n + 1](x))
        return x.mean((2, 3))


def _padded(x: Tensor, stride: int) -> Tensor:
    """Return the picture with the zeros that TensorFlow's "same" lays around it."""
    spare = 2 if stride == 1 else 1
    return F.pad(x, (spare // 2, spare - spare // 2) * 2)

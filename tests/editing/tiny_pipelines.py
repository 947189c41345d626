"""Diffusers pipelines with random weights, made from configs: real code, no download."""

from __future__ import annotations

import json
from pathlib import Path

import torch

# The printable stand-ins that CLIP's tokenizer has for bytes, as GPT-2 made them.
PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
SIDE = 64


def byte_characters() -> list[str]:
    rest = [byte for byte in range(256) if byte not in PRINTABLE]
    told = {byte: chr(byte) for byte in PRINTABLE}
    told |= {byte: chr(256 + n) for n, byte in enumerate(rest)}
    return [told[byte] for byte in range(256)]


def tiny_tokenizer(folder: Path):
    """Return a CLIP tokenizer that spells everything byte by byte."""
    from transformers import CLIPTokenizer

    characters = byte_characters()
    words = [*characters, *(f"{one}</w>" for one in characters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: n for n, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77
    )


def tiny_pipeline(folder: Path, kind: str = "inpaint") -> Path:
    """Save a pipeline with random weights and return its folder.

    ``kind`` is "inpaint" (Stable Diffusion made for it), "text" (Stable Diffusion made for text to
    image, which can inpaint) or "lcm" (a latent consistency model, which cannot).
    """
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        LatentConsistencyModelPipeline,
        LCMScheduler,
        StableDiffusionInpaintPipeline,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=SIDE // 2,
        in_channels=9 if kind == "inpaint" else 4,
        time_cond_proj_dim=32 if kind == "lcm" else None,
        out_channels=4,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=SIDE,
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=514,
            hidden_size=16,
            intermediate_size=32,
            num_attention_heads=2,
            num_hidden_layers=1,
            max_position_embeddings=77,
            bos_token_id=512,
            eos_token_id=513,
            pad_token_id=513,
        )
    )
    made = {
        "inpaint": StableDiffusionInpaintPipeline,
        "text": StableDiffusionPipeline,
        "lcm": LatentConsistencyModelPipeline,
    }[kind]
    scheduler = (
        LCMScheduler(clip_sample=False, set_alpha_to_one=False)
        if kind == "lcm"
        else DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    )
    pipeline = made(
        vae=vae,
        text_encoder=text,
        tokenizer=tiny_tokenizer(folder / "made"),
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny\n")
    return folder

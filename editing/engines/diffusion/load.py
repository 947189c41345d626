"""Loading a pipeline that a setting names. Diffusers is imported here, on first use, and only here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

from editing.engines.diffusion.memory import (
    MemoryPlan,
    computes_bfloat16,
    free_memory,
    plan_memory,
)
from editing.errors import LicenceRefused, WeightsUnavailable
from editing.licences import commercial_only, refusal_of
from editing.models import ModelStore
from editing.pretrained import COMMERCIAL, Pretrained, is_offline
from editing.report import WeightReport

SUFFIXES = (".safetensors", ".json", ".txt", ".model")


def pipeline_weights(source: Pretrained, models: ModelStore) -> WeightReport:
    """Return what the report says of the pipeline: its name, licence, and one digest of its files.

    The digest is the SHA-256 of the lines "digest  path" of every file that is loaded, by path.

    Raises:
        WeightsUnavailable: it is not on this machine.
    """
    folder = source.folder()
    if folder is None or not folder.is_dir():
        raise WeightsUnavailable(f"the pipeline {source.name} is not on this machine")
    digest = models.keep(f"digest:{folder}", lambda: _digest(folder))
    return WeightReport(name=source.name, sha256=digest, licence=source.licence())


def load_pipeline(source: Pretrained, models: ModelStore) -> Any:
    """Return the diffusers pipeline that inpaints, or else changes, a picture; laid into memory.

    Raises:
        WeightsUnavailable: it cannot be loaded, or does neither.
    """
    refusal = source.refusal()
    if refusal is not None:
        raise WeightsUnavailable(refusal)
    if commercial_only() and source.licence() not in COMMERCIAL:
        raise LicenceRefused(refusal_of({source.name: source.licence()}))
    quieten()
    place = _fetch(source)
    plan = _plan(place, models.device)
    try:
        pipeline = _open(place, plan.dtype)
    except Exception as error:  # Files of others are broken in many ways.
        told = str(error).strip().splitlines()
        reason = told[0][:300] if told else type(error).__name__
        raise WeightsUnavailable(f"{source.name} cannot be loaded: {reason}") from error
    _lay(pipeline, plan, models.device)
    return pipeline


def quieten() -> None:
    """Keep the libraries' warnings and bars off stderr, where one line says why something failed."""
    import diffusers
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()


def _fetch(source: Pretrained) -> Path:
    """Return the folder of the pipeline; what is missing of a hub id is fetched unless offline."""
    if not source.is_hub_id:
        return Path(source.name).expanduser()
    from diffusers import DiffusionPipeline

    try:
        fetched = DiffusionPipeline.download(
            source.name, use_safetensors=True, local_files_only=is_offline()
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise WeightsUnavailable(f"{source.name} cannot be fetched: {reason}") from error
    return Path(fetched)


def _open(place: Path, dtype: torch.dtype) -> Any:
    """Return the pipeline of this family that inpaints, or else goes from image to image.

    Raises:
        Exception: whatever the libraries raise on files that are no pipeline of either kind.
    """
    from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting

    options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
    try:
        return AutoPipelineForInpainting.from_pretrained(place, **options)
    except ValueError:  # There is no inpainting pipeline of this family.
        return AutoPipelineForImage2Image.from_pretrained(place, **options)


def _plan(place: Path, device: torch.device) -> MemoryPlan:
    sizes: dict[Path, int] = {}
    for file in place.glob("*/*.safetensors"):
        # A network that is stored twice, at 16 and at 32 bits, is loaded once.
        if ".fp16." not in file.name:
            sizes[file.parent] = sizes.get(file.parent, 0) + file.stat().st_size // 2
    return plan_memory(
        device.type,
        free_memory(device),
        sum(sizes.values()),
        max(sizes.values(), default=0),
        computes_bfloat16(device),
    )


def _lay(pipeline: Any, plan: MemoryPlan, device: torch.device) -> None:
    pipeline.set_progress_bar_config(disable=True)
    if plan.sliced:
        pipeline.enable_attention_slicing()
        if hasattr(pipeline, "vae"):
            pipeline.vae.enable_slicing()
            pipeline.vae.enable_tiling()
    if plan.offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    elif plan.offload == "layers":
        pipeline.enable_sequential_cpu_offload(device=device)
    else:
        pipeline.to(device)


def _digest(folder: Path) -> str:
    """Return one digest over all files that a pipeline is loaded from."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in SUFFIXES)
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            its = hashlib.file_digest(opened, "sha256").hexdigest()
        whole.update(f"{its}  {file.relative_to(folder).as_posix()}\n".encode())
    return whole.hexdigest()

"""`python -m timbre_core export-model`: a model for programs without torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from timbre_core.cli.shell import check_result_folder, default_output

HELP = "write a model's encoder and decoder as ONNX files, checked against torch, with an example that plays a note"
EXAMPLE = """python -m timbre_core export-model checkpoints/nsynth-cvae --out nsynth-cvae-onnx
  cd nsynth-cvae-onnx && python example.py 60"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint folder")
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="where to write; older files are replaced (default: CHECKPOINT's name and -onnx, numbered where that is there)",
    )


def run(args: argparse.Namespace) -> int:
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.generation.formats.packing import write_files
    from timbre_core.generation.onnx_models import CHECKED, OPSET, default_folder, onnx_files
    from timbre_core.space import TimbreSpace

    if args.out is not None:
        check_result_folder(args.out, "--out")
    space = TimbreSpace(open_checkpoint(args.checkpoint))
    out = Path(args.out or default_output(str(default_folder(space))))
    files, largest = onnx_files(space)
    write_files(files, out)
    print(f"opset {OPSET}; within {largest:.1e} of torch on {CHECKED} notes")
    print(out)
    return 0

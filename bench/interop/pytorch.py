"""Runs the modules of bench/interop/pytorch.ts in PyTorch: python3 pytorch.py FOLDER

FOLDER/cases.json lists cases, each with its modules, one behind the other, a precision and an input. Of each:

    ours-I.pt, ours-I.safetensors      were written by the library: loaded strictly, and run
    theirs-I.pt, theirs-I.safetensors  are written here, of weights that are drawn here, and run

results.json holds the outputs, and which formats this Python can handle.
"""

import json
import pathlib
import sys

import torch
from torch import nn

try:
    from safetensors.torch import load_file, save_file
except ImportError:
    load_file = save_file = None

torch.set_num_threads(1)
FOLDER = pathlib.Path(sys.argv[1])


def make(spec):
    kind, inputs, units = spec["kind"], spec["inputs"], spec["units"]
    if kind in ("lstm", "gru", "rnn"):
        options = {"num_layers": spec["layers"], "bidirectional": spec["bidirectional"], "bias": spec["bias"], "batch_first": True}
        if kind == "lstm":
            return nn.LSTM(inputs, units, proj_size=spec["projection"], **options)
        return nn.GRU(inputs, units, **options) if kind == "gru" else nn.RNN(inputs, units, nonlinearity=spec["nonlinearity"], **options)
    if kind == "embedding":
        return nn.Embedding(inputs, units)
    if kind == "linear":
        return nn.Linear(inputs, units, bias=spec["bias"])
    return nn.BatchNorm1d(units) if kind == "batchNorm" else nn.LayerNorm(units)


class Chain(nn.Module):
    def __init__(self, specs):
        super().__init__()
        self.names = [spec["name"] for spec in specs]
        for spec in specs:
            self.add_module(spec["name"], make(spec))

    def forward(self, x):
        for name in self.names:
            module = getattr(self, name)
            if isinstance(module, nn.RNNBase):
                x = module(x)[0]
            elif isinstance(module, nn.BatchNorm1d):
                x = module(x.transpose(1, 2)).transpose(1, 2)
            else:
                x = module(x)
        return x


def draw(module, seed):
    """Weights that are all different, variances above zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if not value.is_floating_point():
                continue
            numbers = torch.randn(value.shape, generator=generator, dtype=torch.float64) * 0.4
            value.copy_(numbers.abs() + 0.5 if "running_var" in name else numbers)


def run(module, case):
    x = torch.tensor(case["x"])
    x = x if case["modules"][0]["kind"] == "embedding" else x.to(module_dtype(case))
    with torch.no_grad():
        return module.eval()(x).flatten().tolist()


def module_dtype(case):
    return torch.float64 if case["precision"] == "float64" else torch.float32


def answer(index, case):
    def fresh():
        return Chain(case["modules"]).to(module_dtype(case))

    def loaded(state):
        module = fresh()
        module.load_state_dict(state)
        return run(module, case)

    theirs = fresh()
    draw(theirs, index)
    torch.save(theirs.state_dict(), FOLDER / f"theirs-{index}.pt")
    result = {"pt": loaded(torch.load(FOLDER / f"ours-{index}.pt")), "theirs": run(theirs, case)}
    if save_file:
        save_file(theirs.state_dict(), FOLDER / f"theirs-{index}.safetensors")
        result["safetensors"] = loaded(load_file(FOLDER / f"ours-{index}.safetensors"))
    return result


cases = json.loads((FOLDER / "cases.json").read_text())
results = [answer(index, case) for index, case in enumerate(cases)]
about = {"torch": torch.__version__, "hasSafetensors": save_file is not None}
(FOLDER / "results.json").write_text(json.dumps({**about, "results": results}))

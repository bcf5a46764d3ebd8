"""PyTorch on one thread, driven by lines of JSON on standard input (messages.ts).

It gets what makes it fastest: time-major tensors made beforehand, logits into its fused losses, no gradients where
none are asked for. Its LSTM has two biases, of which both would learn: the second is zero and frozen, so that the
model is the same as everybody's. Its matrices are the transpose of ours; the gates are in the same order.
"""

import base64
import json
import os
import sys
import time

import torch

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(1)


def decode(message):
    if set(message) == {"float32"}:
        return torch.frombuffer(bytearray(base64.b64decode(message["float32"])), dtype=torch.float32)
    return message


def encode(tensor):
    array = tensor.detach().contiguous().float().numpy()
    return {"float32": base64.b64encode(array.tobytes()).decode()}


def directions_of(size):
    """What the weights of the recurrent layers are called here and there, for each direction."""
    if size.get("kind") == "bidirectional":
        return [("bidirectional_{}/forward/", "l{}"), ("bidirectional_{}/backward/", "l{}_reverse")]
    return [("lstm_{}/", "l{}")]


class Model(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        units = size["units"]
        self.every_step = size["everyStep"]
        # Layers of one size are one module, which is the fastest way to stack them.
        directions = len(directions_of(size))
        self.lstm = torch.nn.LSTM(size["inputs"], units[0], len(units), bidirectional=directions == 2)
        self.head = torch.nn.Linear(directions * units[-1], size["outputs"])

    def forward(self, x):
        h, (last, _) = self.lstm(x)
        if self.every_step:
            return self.head(h)
        # The backward direction ends at the first step.
        return self.head(torch.cat((last[-2], last[-1]), -1) if self.lstm.bidirectional else h[-1])


class Step(torch.nn.Module):
    """One step of one row, by the cell, which is faster than a sequence of one."""

    def __init__(self, lstm, head):
        super().__init__()
        self.cell = torch.nn.LSTMCell(lstm.input_size, lstm.hidden_size)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(self.cell, name, torch.nn.Parameter(getattr(lstm, name + "_l0").detach(), requires_grad=False))
        self.head = head

    def forward(self, x, h, c):
        h, c = self.cell(x, (h, c))
        return torch.sigmoid(self.head(h)), h, c


class Subject:
    def __init__(self, setup):
        self.size = size = setup["size"]
        self.model = model = Model(size)
        self.set_weights(setup["weights"])
        self.is_binary = size["outputs"] == 1
        shape = [size["batch"], size["steps"], size["inputs"]]
        if setup["streamed"]:
            self.open_stream(setup)
        else:
            self.x = setup["x"].view(shape).transpose(0, 1).contiguous()
            targets = setup["targets"]
            if size["everyStep"]:
                targets = targets.view(shape[0], shape[1]).transpose(0, 1).contiguous()
            self.targets = targets.view(-1) if self.is_binary else targets.view(-1).long()
        adam = setup["adam"]
        # foreach: one call for all weights; which of both is faster depends on the sizes, so that both are variants.
        self.optimizer = torch.optim.Adam(
            [p for p in model.parameters() if p.requires_grad],
            lr=adam["learningRate"],
            betas=(adam["beta1"], adam["beta2"]),
            eps=adam["epsilon"],
            foreach=setup["variant"] == "foreach",
        )

    def set_weights(self, weights):
        def take(name):
            weight = weights[name]
            return weight["data"].view(weight["shape"])

        with torch.no_grad():
            for i in range(len(self.size["units"])):
                for name, layer in directions_of(self.size):
                    self.set_direction(take, name.format(i + 1), layer.format(i))
            self.model.head.weight.copy_(take("dense_1/kernel").t())
            self.model.head.bias.copy_(take("dense_1/bias"))

    def set_direction(self, take, name, layer):
        lstm = self.model.lstm
        for ours, theirs in (("kernel", "weight_ih"), ("recurrentKernel", "weight_hh")):
            getattr(lstm, f"{theirs}_{layer}").copy_(take(name + ours).t())
        getattr(lstm, f"bias_ih_{layer}").copy_(take(name + "bias"))
        frozen = getattr(lstm, f"bias_hh_{layer}")
        frozen.zero_()
        frozen.requires_grad_(False)

    def forward(self):
        with torch.inference_mode():
            logits = self.model(self.x)
            return torch.sigmoid(logits) if self.is_binary else torch.softmax(logits, -1)

    def output(self):
        output = self.forward()
        return output.transpose(0, 1) if self.size["everyStep"] else output

    def train(self):
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.model(self.x)
        if self.is_binary:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.view(-1), self.targets)
        else:
            loss = torch.nn.functional.cross_entropy(logits.view(-1, self.size["outputs"]), self.targets)
        loss.backward()
        self.optimizer.step()
        return loss

    def open_stream(self, setup):
        self.xs = list(setup["x"].view(-1, 1, self.size["inputs"]))
        self.zero = torch.zeros(1, self.size["units"][0])
        self.h = self.c = self.zero
        step = Step(self.model.lstm, self.model.head).eval()
        if setup["variant"] == "traced":
            step = torch.jit.freeze(torch.jit.trace(step, (self.xs[0], self.zero, self.zero)))
        self.step = step

    def reset(self):
        self.h = self.c = self.zero

    def push(self, i):
        with torch.inference_mode():
            output, self.h, self.c = self.step(self.xs[i % len(self.xs)], self.h, self.c)
            return output


subject = None


def answer(request):
    global subject
    what = request["do"]
    if what == "open":
        subject = Subject(request["setup"])
        core = os.environ.get("OPENBLAS_CORETYPE")
        return {"about": f"PyTorch {torch.__version__}, {setup_words(request['setup']['variant'], core)}"}
    if what == "output":
        return {"output": encode(subject.output())}
    if what == "train":
        return {"losses": encode(torch.stack([subject.train().detach() for _ in range(request["count"])]))}
    if what == "push":
        subject.reset()
        return {"output": encode(torch.cat([subject.push(i).view(-1) for i in range(request["count"])]))}
    if what == "time":
        return timing(request["work"], request["count"])
    raise ValueError(f"'{what}' is not known")


def setup_words(variant, core):
    blas = f"OPENBLAS_CORETYPE={core}" if core else "OpenBLAS's own choice of core"
    return f"{blas}, {variant}" if variant else blas


def timing(work, count):
    processor = time.process_time()
    start = time.perf_counter()
    if work == "push":
        for i in range(count):
            subject.push(i)
    else:
        call = getattr(subject, work)
        for _ in range(count):
            call()
    wall = time.perf_counter() - start
    processor = time.process_time() - processor
    return {"wall": 1e3 * wall / count, "cpu": 1e3 * processor / count}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line, object_hook=decode))
    except Exception as error:  # what went wrong is the bench's to report
        reply = {"error": str(error)}
    print(json.dumps(reply), flush=True)

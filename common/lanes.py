"""Eight numbers side by side in compiled code, one of each of eight frames: the machine's vectors by name.

The compiler finds vectors only in the simplest loops. Here they are a type: a compiled function loads eight
neighbours of an array, and adds, compares and stores them as if they were one number. LLVM makes of it what
the machine has (one instruction of AVX-512 for float64, two of AVX2, four of SSE2 or NEON).

Conventions: arrays are one-dimensional and contiguous, float32 or float64; a place is the index of the first
of eight elements. Products may be contracted with sums, which rounds once instead of twice.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

LANES = 8
"""Numbers side by side."""

_INDEX = ir.IntType(32)


def _instruction(define: Callable) -> Any:
    """What compiled code can call; to type checkers it is anything."""
    return intrinsic(define)


class Lanes(types.Type):
    """The type of `LANES` numbers of a kind."""

    def __init__(self, kind: types.Float) -> None:
        self.kind = kind
        super().__init__(name=f"Lanes({kind})")


SINGLE, DOUBLE = Lanes(types.float32), Lanes(types.float64)
_OF = {types.float32: SINGLE, types.float64: DOUBLE}


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        number = ir.FloatType() if lanes is SINGLE else ir.DoubleType()
        super().__init__(manager, lanes, ir.VectorType(number, LANES))


def _spread(builder: ir.IRBuilder, vector: ir.VectorType, number: ir.Value) -> ir.Value:
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, _INDEX(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES))


def _define(function: Callable, instruction: str) -> None:
    """Let an operator take lanes on the left, and lanes or one number for all of them on the right."""

    def lower(context: Any, builder: ir.IRBuilder, call: Any, arguments: Any) -> ir.Value:
        one, other = arguments
        if not isinstance(call.args[1], Lanes):
            other = _spread(builder, one.type, other)
        return getattr(builder, instruction)(one, other, flags=("contract", "nsz"))

    pairs = [(lanes, other) for lanes in (SINGLE, DOUBLE) for other in (lanes, lanes.kind)]
    cases = [signature(lanes, lanes, other) for lanes, other in pairs]
    infer_global(function)(type(instruction, (ConcreteTemplate,), {"key": function, "cases": cases}))
    for lanes, other in pairs:
        lower_builtin(function, lanes, other)(lower)


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")


def _pointer(context: Any, builder: ir.IRBuilder, array: Any, arguments: Any) -> tuple[ir.Value, int]:
    """Where lanes lie in an array, and how that is aligned (bytes)."""
    data = context.make_array(array)(context, builder, arguments[0]).data
    vector = context.get_value_type(_OF[array.dtype]).as_pointer()
    return builder.bitcast(builder.gep(data, [arguments[1]]), vector), array.dtype.bitwidth // 8


@_instruction
def load(typing, array, place):
    """The eight numbers of an array from a place on."""

    def lower(context, builder, call, arguments):
        pointer, align = _pointer(context, builder, call.args[0], arguments)
        return builder.load(pointer, align=align)

    return _OF[array.dtype](array, types.intp), lower


@_instruction
def store(typing, array, place, lanes):
    """Write eight numbers into an array from a place on."""

    def lower(context, builder, call, arguments):
        pointer, align = _pointer(context, builder, call.args[0], arguments)
        builder.store(arguments[2], pointer, align=align)
        return context.get_dummy_value()

    return types.none(array, types.intp, lanes), lower


@_instruction
def spread(typing, number):
    """One number eight times."""

    def lower(context, builder, call, arguments):
        return _spread(builder, context.get_value_type(call.return_type), arguments[0])

    return _OF[number](number), lower


@_instruction
def rounded_for(typing, lanes, array):
    """Lanes in the precision of an array's numbers."""

    def lower(context, builder, call, arguments):
        if call.args[0] == call.return_type:
            return arguments[0]
        change = builder.fpext if call.return_type is DOUBLE else builder.fptrunc
        return change(arguments[0], context.get_value_type(call.return_type))

    return _OF[array.dtype](lanes, array), lower


@_instruction
def double(typing, lanes):
    """Lanes of float32 as float64."""

    def lower(context, builder, call, arguments):
        return builder.fpext(arguments[0], context.get_value_type(DOUBLE))

    return DOUBLE(SINGLE), lower


@_instruction
def root(typing, lanes):
    """Square roots of float32."""

    def lower(context, builder, call, arguments):
        vector = arguments[0].type
        name = f"llvm.sqrt.v{LANES}f32"
        function = builder.module.declare_intrinsic(name, fnty=ir.FunctionType(vector, [vector]))
        return builder.call(function, arguments)

    return SINGLE(SINGLE), lower


@_instruction
def larger(typing, one, other):
    """The larger number of each lane."""

    def lower(context, builder, call, arguments):
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return one(one, one), lower


@_instruction
def smaller(typing, one, other):
    """The smaller number of each lane."""

    def lower(context, builder, call, arguments):
        return builder.select(builder.fcmp_ordered("<", *arguments), *arguments)

    return one(one, one), lower


@_instruction
def above(typing, one, other):
    """In which lanes one number is larger than the other: bit 0 of the answer for the first, and so on."""

    def lower(context, builder, call, arguments):
        bits = builder.bitcast(builder.fcmp_ordered(">", *arguments), ir.IntType(LANES))
        return builder.zext(bits, ir.IntType(64))

    return types.int64(one, one), lower


@_instruction
def one_where_below(typing, one, other):
    """1 in each lane in which one number is smaller than the other, 0 elsewhere."""

    def lower(context, builder, call, arguments):
        return builder.uitofp(builder.fcmp_ordered("<", *arguments), arguments[0].type)

    return one(one, one), lower


def _bits(builder: ir.IRBuilder, lanes: ir.Value) -> tuple[ir.Value, ir.VectorType]:
    whole = ir.VectorType(ir.IntType(64), LANES)
    return builder.bitcast(lanes, whole), whole


@_instruction
def exponent(typing, lanes):
    """The power of two in every positive float64."""

    def lower(context, builder, call, arguments):
        bits, whole = _bits(builder, arguments[0])
        short = ir.VectorType(_INDEX, LANES)
        shifted = builder.trunc(builder.lshr(bits, ir.Constant(whole, [52] * LANES)), short)
        return builder.sitofp(builder.sub(shifted, ir.Constant(short, [1023] * LANES)), arguments[0].type)

    return DOUBLE(DOUBLE), lower


@_instruction
def mantissa(typing, lanes):
    """Every positive float64 over its power of two: from 1 to 2."""

    def lower(context, builder, call, arguments):
        bits, whole = _bits(builder, arguments[0])
        kept = builder.and_(bits, ir.Constant(whole, [(1 << 52) - 1] * LANES))
        return builder.bitcast(builder.or_(kept, ir.Constant(whole, [1023 << 52] * LANES)), arguments[0].type)

    return DOUBLE(DOUBLE), lower

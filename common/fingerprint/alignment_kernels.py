"""The compiled inner loops of alignment: correlation along diagonals, and the best path through a matrix.

Conventions: matrices are float32, shape (n, m), row ``i`` for column ``i`` of one song's chroma and column
``j`` for that of another's. Every function releases the interpreter's lock and is compiled once.
"""

from __future__ import annotations

import numpy as np

from common.compiled import as_written, reordered


@reordered
def diagonal_sums(products, half, out):
    """Sum a matrix along its diagonals, over as many places before as behind; nothing lies outside it.

    Parameters
    ----------
    products
        The matrix.
    half
        Places before and behind.
    out
        The sums, a matrix of the same shape, filled.
    """
    n, m = products.shape
    for j in range(m):
        total = np.float32(0.0)
        for t in range(min(half + 1, n, m - j)):
            total += products[t, j + t]
        out[0, j] = total
    for i in range(1, n):
        total = np.float32(0.0)
        for t in range(min(half + 1, n - i, m)):
            total += products[i + t, t]
        out[i, 0] = total
        for j in range(1, m):
            out[i, j] = out[i - 1, j - 1]
        if i + half < n:
            for j in range(1, m - half):
                out[i, j] += products[i + half, j + half]
        if i - half > 0:
            for j in range(half + 1, m):
                out[i, j] -= products[i - half - 1, j - half - 1]


@reordered
def highest_correlation(products, half, row_weights, column_weights):
    """Find the highest of a matrix's sums along its diagonals, each weighted; see `diagonal_sums`.

    Parameters
    ----------
    products, half
        As there.
    row_weights, column_weights
        Factors of the sums in each row and in each column, float32, shape (n,) and (m,).

    Returns
    -------
    float
        The highest, at least 0.
    """
    n, m = products.shape
    sums, before = np.zeros(m, np.float32), np.zeros(m, np.float32)
    highest = np.float32(0.0)
    for i in range(n):
        sums, before = before, sums
        if i == 0:
            for j in range(m):
                total = np.float32(0.0)
                for t in range(min(half + 1, n, m - j)):
                    total += products[t, j + t]
                sums[j] = total
        else:
            total = np.float32(0.0)
            for t in range(min(half + 1, n - i, m)):
                total += products[i + t, t]
            sums[0] = total
            for j in range(1, m):
                sums[j] = before[j - 1]
            if i + half < n:
                for j in range(1, m - half):
                    sums[j] += products[i + half, j + half]
            if i - half > 0:
                for j in range(half + 1, m):
                    sums[j] -= products[i - half - 1, j - half - 1]
        in_row = np.float32(0.0)
        for j in range(m):
            in_row = max(in_row, sums[j] * column_weights[j])
        highest = max(highest, in_row * row_weights[i])
    return highest


@as_written
def best_path(gains, sidestep, rows, columns):
    """Find the path through a matrix on which the gains add up to most; it never falls below nothing.

    A path goes on to the next row and column, or skips a row or a column, which costs something: that lets
    one song be faster than the other by up to a factor of two (as in J. Serrà, X. Serra, R. G. Andrzejak,
    "Cross recurrence quantification for cover song identification", New Journal of Physics 11, 2009).

    Parameters
    ----------
    gains
        The matrix.
    sidestep
        What skipping a row or a column costs.
    rows, columns
        The path, int64, each as long as both sides of the matrix together, filled from their beginning.

    Returns
    -------
    total
        What the gains of the path add up to, 0 if none is positive.
    length
        How many places it has.
    """
    n, m = gains.shape
    totals, steps = np.zeros((n, m), np.float32), np.zeros((n, m), np.uint8)
    highest, last_row, last_column = np.float32(0.0), -1, -1
    for i in range(n):
        for j in range(m):
            before, step = np.float32(0.0), 0
            if i > 0 and j > 0 and totals[i - 1, j - 1] > before:
                before, step = totals[i - 1, j - 1], 1
            if i > 1 and j > 0 and totals[i - 2, j - 1] - sidestep > before:
                before, step = totals[i - 2, j - 1] - sidestep, 2
            if i > 0 and j > 1 and totals[i - 1, j - 2] - sidestep > before:
                before, step = totals[i - 1, j - 2] - sidestep, 3
            total = before + gains[i, j]
            if total > 0:
                totals[i, j], steps[i, j] = total, step
                if total > highest:
                    highest, last_row, last_column = total, i, j
    length, i, j = 0, last_row, last_column
    while i >= 0 and j >= 0 and totals[i, j] > 0:
        rows[length], columns[length] = i, j
        length += 1
        step = steps[i, j]
        if step == 0:
            break
        i -= 2 if step == 2 else 1
        j -= 2 if step == 3 else 1
    rows[:length] = rows[:length][::-1].copy()
    columns[:length] = columns[:length][::-1].copy()
    return highest, length

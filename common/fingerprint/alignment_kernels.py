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
def highest_correlation(one, turned, half, row_weights, column_weights):
    """Find the highest of the sums of products of two songs' columns along diagonals, each weighted.

    That is the highest of what `diagonal_sums` makes of ``one @ turned``, without the matrix: it does not
    fit into the processor's cache, which the last few rows of it do.

    Parameters
    ----------
    one, turned
        A contour, shape (n, 12), and another that is turned, shape (12, m); float32.
    half
        Places before and behind that are summed.
    row_weights, column_weights
        Factors of the sums in each row and in each column, float32, shape (n,) and (m,), positive.

    Returns
    -------
    float
        The highest, at least 0.
    """
    n, m = len(one), turned.shape[1]
    # Nothing lies before the first column, behind the last one, or beyond the first and last row.
    ahead = 2 * half + 1
    rows = np.zeros((2 * half + 2, ahead + m + half), np.float32)
    # One running sum per diagonal: where it stands moves on by a place with every row.
    sums, in_column = np.zeros(n + m + 2 * half, np.float32), np.zeros(m + half, np.float32)
    for i in range(-half, n):
        entering, leaving = rows[(i + half) % len(rows), ahead:], rows[(i + half + 1) % len(rows)]
        entering[:] = 0
        if i + half < n:
            column = one[i + half]
            for j in range(m):
                total = np.float32(0.0)
                for note in range(12):
                    total += column[note] * turned[note, j]
                entering[j] = total
        weight = row_weights[i] if i >= 0 else np.float32(0.0)
        along = sums[n - 1 - i :]
        for j in range(m + half):
            along[j] += entering[j] - leaving[j]
            weighted = along[j] * weight
            in_column[j] = weighted if weighted > in_column[j] else in_column[j]
    highest = np.float32(0.0)
    for j in range(m):
        highest = max(highest, in_column[half + j] * column_weights[j])
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

"""The layers as a textbook writes them: one step at a time, nothing done for speed."""

import numpy as np


def sigmoid(a):
    """Squash to (0, 1)."""
    return 1 / (1 + np.exp(-a))


def rnn(xs, dhs, W_x, W_h, b):
    """Run a plain layer forward and backward; return dxs and the parameters' sums."""
    T = xs.shape[1]
    hs = [np.zeros((len(xs), len(W_h)), xs.dtype)]
    for t in range(T):
        hs.append(np.tanh(xs[:, t] @ W_x + hs[t] @ W_h + b))
    dxs, dW_x, dW_h, db, dh = np.zeros_like(xs), 0, 0, 0, 0
    for t in reversed(range(T)):
        da = (dhs[:, t] + dh) * (1 - hs[t + 1] ** 2)
        dxs[:, t], dh = da @ W_x.T, da @ W_h.T
        dW_x, dW_h, db = dW_x + xs[:, t].T @ da, dW_h + hs[t].T @ da, db + da.sum(0)
    return dxs, dW_x, dW_h, db


def lstm(xs, dhs, W_x, W_h, b):
    """Run an LSTM forward and backward; the columns are i, f, g, o."""
    B, T, _ = xs.shape
    H = len(W_h)
    hs, cs, kept = [np.zeros((B, H), xs.dtype)], [np.zeros((B, H), xs.dtype)], []
    for t in range(T):
        a_i, a_f, a_g, a_o = np.split(xs[:, t] @ W_x + hs[t] @ W_h + b, 4, axis=1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        cs.append(f * cs[t] + i * g)
        hs.append(o * np.tanh(cs[t + 1]))
        kept.append((i, f, g, o))
    dxs, dW_x, dW_h, db, dh, dc = np.zeros_like(xs), 0, 0, 0, 0, 0
    for t in reversed(range(T)):
        i, f, g, o = kept[t]
        dh = dhs[:, t] + dh
        y = np.tanh(cs[t + 1])
        dc = dc + dh * o * (1 - y**2)
        da_i, da_f = dc * g * i * (1 - i), dc * cs[t] * f * (1 - f)
        da_g, da_o = dc * i * (1 - g**2), dh * y * o * (1 - o)
        da = np.hstack([da_i, da_f, da_g, da_o])
        dxs[:, t], dh, dc = da @ W_x.T, da @ W_h.T, dc * f
        dW_x, dW_h, db = dW_x + xs[:, t].T @ da, dW_h + hs[t].T @ da, db + da.sum(0)
    return dxs, dW_x, dW_h, db


def gru(xs, dhs, W_x, W_h, b, b_hn):
    """Run a GRU, reset after the product; the columns are r, z, n."""
    B, T, _ = xs.shape
    H = len(W_h)
    hs, kept = [np.zeros((B, H), xs.dtype)], []
    for t in range(T):
        a_r, a_z, a_n = np.split(xs[:, t] @ W_x + b, 3, axis=1)
        q_r, q_z, q = np.split(hs[t] @ W_h, 3, axis=1)
        r, z, q = sigmoid(a_r + q_r), sigmoid(a_z + q_z), q + b_hn
        n = np.tanh(a_n + r * q)
        hs.append((1 - z) * n + z * hs[t])
        kept.append((r, z, n, q))
    dxs, dW_x, dW_h, db, db_hn, dh = np.zeros_like(xs), 0, 0, 0, 0, 0
    for t in reversed(range(T)):
        r, z, n, q = kept[t]
        dh = dhs[:, t] + dh
        da_n = dh * (1 - z) * (1 - n**2)
        da_z, da_r = dh * (hs[t] - n) * z * (1 - z), da_n * q * r * (1 - r)
        da, dq = np.hstack([da_r, da_z, da_n]), np.hstack([da_r, da_z, da_n * r])
        dxs[:, t], dh = da @ W_x.T, dh * z + dq @ W_h.T
        dW_x, dW_h = dW_x + xs[:, t].T @ da, dW_h + hs[t].T @ dq
        db, db_hn = db + da.sum(0), db_hn + dq[:, 2 * H :].sum(0)
    return dxs, dW_x, dW_h, db, db_hn

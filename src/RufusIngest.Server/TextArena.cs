namespace RufusIngest.Server;

/// <summary>
/// The texts of a session, appended to fixed chunks: nothing is copied when it grows, and bytes once written stay
/// where they are, so a reader that took <see cref="Chunks"/> under the writer's lock may read on without it.
/// </summary>
sealed class TextArena
{
    public const int ChunkBytes = 64 * 1024;

    byte[][] _chunks = [];
    int _count;
    int _used;

    public byte[][] Chunks => _chunks;

    /// <summary>Begins anew, in the memory it has; what was written before is gone.</summary>
    public void Clear() => (_count, _used) = (Math.Min(_count, 1), 0);

    /// <summary>Takes room in one piece, at most <see cref="ChunkBytes"/>.</summary>
    public Span<byte> Append(int length, out int chunk, out int start)
    {
        if (_count == 0 || length > ChunkBytes - _used)
        {
            if (_count == _chunks.Length)
                Array.Resize(ref _chunks, Math.Max(4, _count * 2));
            _chunks[_count++] = GC.AllocateUninitializedArray<byte>(ChunkBytes);
            _used = 0;
        }

        (chunk, start) = (_count - 1, _used);
        _used += length;
        return _chunks[chunk].AsSpan(start, length);
    }
}

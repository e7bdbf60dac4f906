using System.Diagnostics.CodeAnalysis;

namespace RufusIngest.Readers;

/// <summary>A rejected frame, kept for whoever asks.</summary>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="Position">Where it began, in bytes since the reader was added.</param>
/// <param name="Length">Its length; longer than <paramref name="Bytes"/> when those were cut.</param>
/// <param name="Bytes">Its first bytes, up to <see cref="RejectLog.BytesKept"/>; a copy.</param>
[SuppressMessage("Performance", "CA1819", Justification = "A copy made for the caller.")]
public sealed record RejectedFrame(RejectReason Reason, long Position, int Length, byte[] Bytes);

/// <summary>The last rejected frames of a reader in a ring of fixed size. Written by one thread, read under its
/// lock.</summary>
sealed class RejectLog
{
    /// <summary>Frames kept; older ones are overwritten.</summary>
    public const int FramesKept = 32;

    /// <summary>Bytes kept of each.</summary>
    public const int BytesKept = 128;

    readonly Lock _lock = new();
    readonly byte[] _bytes = new byte[FramesKept * BytesKept];
    readonly (RejectReason Reason, long Position, int Length)[] _frames = new (RejectReason, long, int)[FramesKept];
    long _count;

    /// <summary>Frames added so far; for the thread that adds them.</summary>
    public long Count => _count;

    /// <summary>The frame added last, without its bytes; for the thread that adds them.</summary>
    public (RejectReason Reason, long Position, int Length) Last => _frames[(int)((_count - 1) % FramesKept)];

    public void Add(RejectReason reason, long position, ReadOnlySpan<byte> frame)
    {
        lock (_lock)
        {
            int slot = (int)(_count++ % FramesKept);
            _frames[slot] = (reason, position, frame.Length);
            frame[..Math.Min(frame.Length, BytesKept)].CopyTo(_bytes.AsSpan(slot * BytesKept));
        }
    }

    /// <summary>Copies what is kept, oldest first.</summary>
    public IReadOnlyList<RejectedFrame> ToList()
    {
        lock (_lock)
        {
            List<RejectedFrame> list = [];
            for (long i = Math.Max(0, _count - FramesKept); i < _count; i++)
            {
                int slot = (int)(i % FramesKept);
                (RejectReason reason, long position, int length) = _frames[slot];
                byte[] bytes = _bytes.AsSpan(slot * BytesKept, Math.Min(length, BytesKept)).ToArray();
                list.Add(new RejectedFrame(reason, position, length, bytes));
            }

            return list;
        }
    }
}

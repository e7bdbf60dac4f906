namespace RufusIngest.Tool.Pcap;

/// <summary>Bounds on what is held back until lost or late segments come.</summary>
sealed record TcpLimits
{
    /// <summary>Flows followed; packets of others are counted.</summary>
    public int MaxFlows { get; init; } = 10_000;

    /// <summary>Bytes that a flow holds back behind a missing segment; then the segment counts as lost.</summary>
    public int MaxHeldBytes { get; init; } = 1024 * 1024;

    /// <summary>Segments that a flow holds back.</summary>
    public int MaxHeldSegments { get; init; } = 1024;

    /// <summary>Bytes that all flows hold back together.</summary>
    public long MaxHeldInAll { get; init; } = 64 * 1024 * 1024;
}

/// <summary>Takes what a flow says next.</summary>
/// <param name="flow">The flow.</param>
/// <param name="bytes">Valid during the call; empty with an end.</param>
/// <param name="time">When the packet came that brought them in order, ticks UTC, 0 when unknown.</param>
/// <param name="isEnd">The connection ended, or a gap follows.</param>
delegate void FlowReceiver(TcpFlow flow, ReadOnlySpan<byte> bytes, long time, bool isEnd);

/// <summary>
/// Puts one direction of TCP connections between two ports together, in sequence order: repeats and overlaps once, late
/// segments at their place. A segment that never comes is a gap: what follows is given as a new connection, so that
/// half frames do not join.
/// </summary>
/// <param name="key">Whose direction.</param>
/// <param name="limits">Bounds.</param>
/// <param name="deliver">Takes bytes in order, and empty ones that end a connection.</param>
sealed class TcpFlow(FlowKey key, TcpLimits limits, FlowReceiver deliver)
{
    // Further away than any window reaches: another connection between the same ports, whose start was not captured.
    const int ElsewhereBytes = 1 << 27;

    readonly SortedDictionary<long, byte[]> _held = [];
    bool _isOpen;
    uint _start; // Sequence number of offset 0.
    long _expected; // Offset of the next byte in order.
    long _end = long.MaxValue; // Offset behind the last byte, when a FIN told it.

    public FlowKey Key => key;

    /// <summary>Place among the flows, in order of their first packet.</summary>
    public int Index { get; init; }

    public long Bytes { get; private set; }

    public long Packets { get; private set; }

    /// <summary>Connections begun.</summary>
    public int Connections { get; private set; }

    /// <summary>Places where bytes are missing.</summary>
    public int Gaps { get; private set; }

    /// <summary>Bytes missing there.</summary>
    public long LostBytes { get; private set; }

    public int HeldBytes { get; private set; }

    public void Add(in TcpSegment segment, long time)
    {
        Packets++;
        if (segment.IsSyn && (!_isOpen || segment.Sequence + 1 != _start))
        {
            Close(time);
            Open(segment.Sequence + 1);
        }

        uint sequence = segment.IsSyn ? segment.Sequence + 1 : segment.Sequence;
        // A bare RST or ACK begins nothing, and what is sent after the end is a repeat.
        if (!_isOpen && (segment.Payload.Length == 0 || segment.IsReset || IsRepeatOfEnded(sequence)))
            return;
        if (!_isOpen)
            Open(sequence);
        long offset = _expected + (int)(sequence - (uint)(_start + _expected));
        if (Math.Abs(offset - _expected) > ElsewhereBytes)
        {
            Close(time);
            Open(sequence);
            offset = 0;
        }

        if (segment.IsFin)
            _end = Math.Min(_end, offset + segment.Payload.Length + segment.CutOff);
        Take(offset, segment.Payload, time);
        if (segment.IsReset || _expected >= _end)
            Close(time);
    }

    /// <summary>The connection is over: what is held back comes with its gaps.</summary>
    public void Close(long time)
    {
        if (!_isOpen)
            return;
        while (_held.Count > 0)
            JumpGap(time);
        if (_end != long.MaxValue && _expected < _end)
            CountGap(_end - _expected);
        _isOpen = false;
        _end = long.MaxValue;
        deliver(this, default, time, isEnd: true);
    }

    /// <summary>The missing segment counts as lost; the flow goes on behind it.</summary>
    public void JumpGap(long time)
    {
        if (_held.Count == 0)
            return;
        long next = _held.First().Key;
        if (next > _expected)
        {
            CountGap(next - _expected);
            deliver(this, default, time, isEnd: true);
            _expected = next;
        }

        TakeHeld(time);
    }

    void CountGap(long bytes)
    {
        Gaps++;
        LostBytes += bytes;
    }

    void Open(uint sequence)
    {
        _isOpen = true;
        _start = sequence;
        _expected = 0;
        Connections++;
    }

    bool IsRepeatOfEnded(uint sequence) =>
        Connections > 0 && (int)(sequence - (uint)(_start + _expected)) is <= 0 and > -ElsewhereBytes;

    void Take(long offset, ReadOnlySpan<byte> payload, long time)
    {
        if (offset <= _expected)
        {
            Give(offset, payload, time);
            TakeHeld(time);
            return;
        }

        if (payload.Length == 0)
            return;
        if (!_held.TryGetValue(offset, out byte[]? held) || held.Length < payload.Length)
        {
            HeldBytes += payload.Length - (held?.Length ?? 0);
            _held[offset] = payload.ToArray();
        }

        while (HeldBytes > limits.MaxHeldBytes || _held.Count > limits.MaxHeldSegments)
            JumpGap(time);
    }

    void TakeHeld(long time)
    {
        while (_held.Count > 0)
        {
            (long offset, byte[] bytes) = _held.First();
            if (offset > _expected)
                return;
            _held.Remove(offset);
            HeldBytes -= bytes.Length;
            Give(offset, bytes, time);
        }
    }

    /// <summary>Gives what is new of a segment that begins at or before the next byte in order.</summary>
    void Give(long offset, ReadOnlySpan<byte> payload, long time)
    {
        long known = _expected - offset;
        if (known >= payload.Length)
            return;
        ReadOnlySpan<byte> news = payload[(int)known..];
        _expected += news.Length;
        Bytes += news.Length;
        deliver(this, news, time, isEnd: false);
    }
}

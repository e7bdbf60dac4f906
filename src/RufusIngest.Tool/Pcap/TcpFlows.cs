namespace RufusIngest.Tool.Pcap;

/// <summary>All TCP flows of a capture file, and what else was in it. Single-threaded.</summary>
/// <param name="limits">Bounds.</param>
/// <param name="deliver">Takes what each flow says, in order.</param>
sealed class TcpFlows(TcpLimits limits, FlowReceiver deliver)
{
    readonly Dictionary<FlowKey, TcpFlow> _byKey = [];
    readonly List<TcpFlow> _flows = [];
    long _held;
    long _time;

    /// <summary>In order of their first packet.</summary>
    public IReadOnlyList<TcpFlow> Flows => _flows;

    public long Packets { get; private set; }

    /// <summary>Packets that are no TCP.</summary>
    public long Others { get; private set; }

    /// <summary>Pieces of fragmented packets, which are not put together.</summary>
    public long Fragments { get; private set; }

    /// <summary>Packets whose headers cannot be read.</summary>
    public long Damaged { get; private set; }

    /// <summary>Packets of flows beyond the limit.</summary>
    public long NotFollowed { get; private set; }

    /// <summary>Takes the next packet of a file; false at its end, which ends all connections.</summary>
    public bool Next(PacketFile file)
    {
        if (file.Next(out Packet packet))
        {
            _time = packet.Time;
            Add(packet.LinkType, file.BytesOf(packet), _time);
            return true;
        }

        foreach (TcpFlow flow in _flows)
            flow.Close(_time);
        return false;
    }

    void Add(int linkType, ReadOnlySpan<byte> bytes, long time)
    {
        Packets++;
        switch (TcpSegment.Read(linkType, bytes, out TcpSegment segment))
        {
            case PacketKind.Tcp:
                Add(segment, time);
                break;
            case PacketKind.Fragment:
                Fragments++;
                break;
            case PacketKind.Damaged:
                Damaged++;
                break;
            default:
                Others++;
                break;
        }
    }

    void Add(in TcpSegment segment, long time)
    {
        if (!_byKey.TryGetValue(segment.Flow, out TcpFlow? flow))
        {
            if (_flows.Count >= limits.MaxFlows)
            {
                NotFollowed++;
                return;
            }

            flow = new TcpFlow(segment.Flow, limits, deliver) { Index = _flows.Count };
            _byKey.Add(segment.Flow, flow);
            _flows.Add(flow);
        }

        long before = flow.HeldBytes;
        flow.Add(segment, time);
        _held += flow.HeldBytes - before;
        while (_held > limits.MaxHeldInAll && flow.HeldBytes > 0)
        {
            before = flow.HeldBytes;
            flow.JumpGap(time);
            _held += flow.HeldBytes - before;
        }
    }
}

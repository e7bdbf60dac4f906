using CsCheck;
using RufusIngest.Tests.Support;
using RufusIngest.Tool.Pcap;

namespace RufusIngest.Tests.Tool.Inspect;

public sealed class PacketFileTests
{
    const long Noon = 17_000_000_000_000_000;

    public static TheoryData<bool, bool, bool> Forms => new(
        from isNextGeneration in new[] { false, true }
        from isBigEndian in new[] { false, true }
        from isNano in new[] { false, true }
        select (isNextGeneration, isBigEndian, isNano));

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_form_of_file_gives_its_packets_and_times(bool isNextGeneration, bool isBigEndian, bool isNano)
    {
        PacketWriter file = new() { IsNextGeneration = isNextGeneration, IsBigEndian = isBigEndian, IsNano = isNano };
        file.Segment(Noon, 999, PacketWriter.Syn, []).Segment(Noon + 10, 1000, PacketWriter.Ack, "abc"u8)
            .Segment(Noon + 20, 1003, PacketWriter.Ack, "defg"u8);
        Heard heard = Heard.Of(file.ToArray());
        Assert.Equal("abcdefg|", heard.Text);
        Assert.Equal([Noon + 10, Noon + 20, Noon + 20], heard.Times);
        Assert.Null(heard.Problem);
        Assert.Equal(("10.0.0.2:10000", "10.0.0.1:50000"), (heard.Flow.Key.Source, heard.Flow.Key.Target));
    }

    [Fact]
    public void Packets_without_a_time_have_none()
    {
        PacketWriter file = new() { IsNextGeneration = true, IsSimple = true };
        Heard heard = Heard.Of(file.Segment(Noon, 1, PacketWriter.Ack, "abc"u8).ToArray());
        Assert.Equal("abc|", heard.Text);
        Assert.Equal([0, 0], heard.Times);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 0, true)]
    [InlineData(1, 0, false)]
    [InlineData(1, 1, true)]
    [InlineData(1, 2, false)]
    [InlineData(12, 0, false)]
    [InlineData(101, 0, false)]
    [InlineData(101, 0, true)]
    [InlineData(108, 0, false)]
    [InlineData(113, 0, true)]
    [InlineData(228, 0, false)]
    [InlineData(229, 0, true)]
    [InlineData(276, 0, false)]
    public void Every_link_is_understood(int linkType, int vlanTags, bool isVersion6)
    {
        PacketWriter file = new() { LinkType = linkType, VlanTags = vlanTags, IsVersion6 = isVersion6 };
        file.Segment(Noon, 1, PacketWriter.Ack, "abc"u8).Segment(Noon, 4, PacketWriter.Ack, "x"u8);
        Assert.Equal("abcx|", Heard.Of(file.ToArray()).Text);
    }

    [Fact]
    public void An_unknown_link_is_counted()
    {
        Heard heard = Heard.Of(new PacketWriter { LinkType = 147 }.Segment(Noon, 1, PacketWriter.Ack, "abc"u8).ToArray());
        Assert.Equal((1, 1, 0), (heard.Flows.Packets, heard.Flows.Others, heard.Flows.Flows.Count));
    }

    [Fact]
    public void Pieces_of_packets_are_counted_and_left_out()
    {
        byte[] whole = new PacketWriter { LinkType = 101 }.Segment(Noon, 1, PacketWriter.Ack, "abc"u8).ToArray();
        byte[] packet = whole[40..];
        packet[6] = 0x20; // More fragments.
        Heard heard = Heard.Of(new PacketWriter { LinkType = 101 }.Packet(Noon, packet).ToArray());
        Assert.Equal((1, 0), (heard.Flows.Fragments, heard.Flows.Flows.Count));
    }

    [Fact]
    public void Both_directions_are_flows_of_their_own()
    {
        Heard heard = Heard.Of(new PacketWriter()
            .Segment(Noon, 1, PacketWriter.Ack, "abc"u8)
            .Segment(Noon, 70, PacketWriter.Ack, "yes"u8, isBack: true)
            .Segment(Noon, 4, PacketWriter.Ack, "def"u8).ToArray());
        Assert.Equal([6, 3], heard.Flows.Flows.Select(flow => flow.Bytes));
    }

    [Fact]
    public void A_lost_segment_is_a_gap_and_what_follows_another_connection()
    {
        Heard heard = Heard.Of(new PacketWriter()
            .Segment(Noon, 0, PacketWriter.Syn, [])
            .Segment(Noon, 1, PacketWriter.Ack, "abc"u8)
            .Segment(Noon, 8, PacketWriter.Ack, "def"u8)
            .Segment(Noon, 11, PacketWriter.Fin, []).ToArray());
        Assert.Equal("abc|def|", heard.Text);
        Assert.Equal((1, 4, 1), (heard.Flow.Gaps, heard.Flow.LostBytes, heard.Flow.Connections));
    }

    [Fact]
    public void What_the_snap_length_cut_off_is_a_gap()
    {
        Heard heard = Heard.Of(new PacketWriter { SnapLength = 14 + 24 + 20 + 3 }
            .Segment(Noon, 1, PacketWriter.Ack, "abcdef"u8)
            .Segment(Noon, 7, PacketWriter.Ack, "ghi"u8).ToArray());
        Assert.Equal("abc|ghi|", heard.Text);
        Assert.Equal((1, 3), (heard.Flow.Gaps, heard.Flow.LostBytes));
    }

    [Fact]
    public void The_same_ports_again_are_another_connection()
    {
        Heard heard = Heard.Of(new PacketWriter()
            .Segment(Noon, 100, PacketWriter.Syn, []).Segment(Noon, 101, PacketWriter.Ack, "abc"u8)
            .Segment(Noon, 104, PacketWriter.Fin, [])
            .Segment(Noon, 104, PacketWriter.Fin, []) // Sent again.
            .Segment(Noon, 9000, PacketWriter.Syn, []).Segment(Noon, 9000, PacketWriter.Syn, [])
            .Segment(Noon, 9001, PacketWriter.Ack, "def"u8).Segment(Noon, 9004, PacketWriter.Reset, []).ToArray());
        Assert.Equal("abc|def|", heard.Text);
        Assert.Equal((2, 0), (heard.Flow.Connections, heard.Flow.Gaps));
    }

    [Fact]
    public void Another_connection_without_a_start_is_told_by_its_far_numbers()
    {
        Heard heard = Heard.Of(new PacketWriter()
            .Segment(Noon, 100, PacketWriter.Ack, "abc"u8)
            .Segment(Noon, 2_000_000_000, PacketWriter.Ack, "def"u8).ToArray());
        Assert.Equal("abc|def|", heard.Text);
        Assert.Equal(2, heard.Flow.Connections);
    }

    [Fact]
    public void What_is_held_back_is_bounded()
    {
        TcpLimits limits = new() { MaxHeldBytes = 10 };
        PacketWriter file = new PacketWriter().Segment(Noon, 0, PacketWriter.Syn, []);
        for (uint i = 0; i < 20; i++)
            file.Segment(Noon, 11 + i, PacketWriter.Ack, "x"u8);
        file.Segment(Noon, 1, PacketWriter.Ack, "0123456789"u8); // Too late.
        Heard heard = Heard.Of(file.ToArray(), limits);
        Assert.Equal("|" + new string('x', 20) + "|", heard.Text);
        Assert.Equal((1, 10), (heard.Flow.Gaps, heard.Flow.LostBytes));
    }

    [Fact]
    public void Flows_beyond_the_limit_are_counted()
    {
        Heard heard = Heard.Of(
            new PacketWriter().Segment(Noon, 1, PacketWriter.Ack, "abc"u8)
                .Segment(Noon, 1, PacketWriter.Ack, "abc"u8, isBack: true).ToArray(),
            new TcpLimits { MaxFlows = 1 });
        Assert.Equal((1, 1), (heard.Flows.Flows.Count, heard.Flows.NotFollowed));
    }

    /// <summary>A stream cut anywhere, its segments sent twice, overlapping and out of order.</summary>
    [Fact]
    public void Any_way_of_the_segments_gives_the_same_stream()
    {
        Gen<(byte[], uint, (int At, int Length, int Place)[])> streams = Gen.Select(
            Gen.Byte.Array[1, 400], Gen.UInt, Gen.Select(Gen.Int[0, 399], Gen.Int[1, 60], Gen.Int[0, 30]).Array[0, 40]);
        streams.Sample((bytes, start, extra) =>
        {
            List<(int Place, int At, int Length)> segments = [];
            for (int at = 0; at < bytes.Length; at += 20)
                segments.Add(((at / 20) + (at * 7 % 5), at, Math.Min(20, bytes.Length - at)));
            foreach (var (at, length, place) in extra)
                segments.Add((place, at % bytes.Length, Math.Min(length, bytes.Length - (at % bytes.Length))));
            PacketWriter file = new PacketWriter().Segment(Noon, start - 1, PacketWriter.Syn, []);
            foreach (var (_, at, length) in segments.OrderBy(segment => segment.Place))
                file.Segment(Noon, start + (uint)at, PacketWriter.Ack, bytes.AsSpan(at, length));
            file.Segment(Noon, start + (uint)bytes.Length, PacketWriter.Fin, []);
            Heard heard = Heard.Of(file.ToArray());
            Assert.Equal(bytes, heard.Bytes);
            Assert.Equal((0, 1, 0), (heard.Flow.Gaps, heard.Flow.Connections, heard.Flow.HeldBytes));
        });
    }

    [Fact]
    public void Damaged_files_are_a_result_and_never_an_exception()
    {
        byte[][] files = [.. from isNextGeneration in new[] { false, true }
                             from isVersion6 in new[] { false, true }
                             select new PacketWriter { IsNextGeneration = isNextGeneration, IsVersion6 = isVersion6 }
                                 .Segment(Noon, 1, PacketWriter.Ack, "abc"u8)
                                 .Segment(Noon, 4, PacketWriter.Ack, "def"u8).ToArray()];
        Gen.Select(Gen.Int[0, 3], Gen.Select(Gen.Int[4, 400], Gen.Byte).Array[1, 6], Gen.Int[0, 400]).Sample((which, changes, cut) =>
        {
            byte[] file = [.. files[which]];
            foreach (var (at, value) in changes)
                file[at % file.Length] = value;
            Heard heard = Heard.Of(file[..Math.Max(4, file.Length - cut)]);
            Assert.True(heard.Bytes.Length <= 12);
        });
    }

    [Fact]
    public void A_file_that_ends_inside_a_packet_says_so()
    {
        byte[] file = new PacketWriter().Segment(Noon, 1, PacketWriter.Ack, "abc"u8).Segment(Noon, 4, PacketWriter.Ack, "d"u8)
            .ToArray();
        Heard heard = Heard.Of(file[..^1]);
        Assert.Equal("abc|", heard.Text);
        Assert.Contains("ends inside a packet", heard.Problem, StringComparison.Ordinal);
    }

    /// <summary>What a file's flows said, with <c>|</c> at each end.</summary>
    sealed class Heard
    {
        readonly List<byte> _bytes = [];
        readonly System.Text.StringBuilder _text = new();

        public required TcpFlows Flows { get; init; }

        public TcpFlow Flow => Assert.Single(Flows.Flows);

        public string? Problem { get; private init; }

        public List<long> Times { get; } = [];

        public byte[] Bytes => [.. _bytes];

        public string Text => _text.ToString();

        public static Heard Of(byte[] file, TcpLimits? limits = null)
        {
            Heard? heard = null;
            TcpFlows flows = new(limits ?? new TcpLimits(), (_, bytes, time, isEnd) => heard!.Add(bytes, time, isEnd));
            PacketFile packets = new(new MemoryStream(file));
            heard = new Heard { Flows = flows };
            while (flows.Next(packets))
            {
            }

            return new Heard(heard) { Flows = flows, Problem = packets.Problem };
        }

        Heard()
        {
        }

        Heard(Heard other)
        {
            _bytes = other._bytes;
            _text = other._text;
            Times = other.Times;
        }

        void Add(ReadOnlySpan<byte> bytes, long time, bool isEnd)
        {
            _bytes.AddRange(bytes);
            _text.Append(System.Text.Encoding.Latin1.GetString(bytes));
            if (isEnd)
                _text.Append('|');
            Times.Add(time);
        }
    }
}

using System.Buffers;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Simulators;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests;

/// <summary>The hot path allocates exactly nothing once it is warm.</summary>
public sealed class AllocationTests
{
    const int Chips = 400;
    static readonly DateTime Start = new(2026, 5, 17, 8, 0, 0, DateTimeKind.Utc);

    /// <summary>What this thread allocates in runs after the first ones, which may.</summary>
    static long Allocated(Action<int> run, int warmUps = 2, int runs = 5)
    {
        for (int i = 0; i < warmUps; i++)
            run(i);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < runs; i++)
            run(warmUps + i);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Fact]
    public void The_measure_sees_a_single_object()
    {
        object? kept = null;
        Assert.InRange(Allocated(i => kept = i == 4 ? new object() : kept), 1, 100);
        Assert.NotNull(kept);
    }

    [Fact]
    public void Parsing_allocates_nothing()
    {
        Assert.Equal(0, AllocatedByParsing<IpicoParser>(Ipico(Start), Chips * 10));
        Assert.Equal(0, AllocatedByParsing<UltraParser>(Ultra(), 500));
        Assert.Equal(0, AllocatedByParsing<CloudBoxParser>(CloudBox(), 500));
    }

    static long AllocatedByParsing<TParser>(byte[] frames, int expectedReads)
        where TParser : struct, IReadParser
    {
        byte[] source = [.. "what is this?\n"u8, .. frames, .. "0,a,b,c,d\n{\"timestamp\":12}\naa00\n"u8];
        ChipRead[] reads = new ChipRead[64];
        ControlRecord[] controls = new ControlRecord[64];
        int count = 0;
        long allocated = Allocated(_ =>
        {
            TParser parser = default;
            count = 0;
            ReadOnlySpan<byte> rest = source;
            while (rest.Length > 0)
            {
                ParseResult result = parser.Parse(rest, true, reads, controls);
                count += result.Reads;
                rest = rest[result.Consumed..];
            }
        });
        Assert.Equal(expectedReads, count);
        return allocated;
    }

    [Fact]
    public void Decoding_of_cut_chunks_allocates_nothing()
    {
        Assert.Equal(0, AllocatedByDecoding(ReaderDecoder.For<IpicoParser>(), Ipico(Start), Chips * 10));
        Assert.Equal(0, AllocatedByDecoding(ReaderDecoder.For<UltraParser>(), Ultra(), 500));
        Assert.Equal(0, AllocatedByDecoding(ReaderDecoder.For<CloudBoxParser>(), CloudBox(), 500));
    }

    static long AllocatedByDecoding(ReaderDecoder decoder, byte[] frames, int expectedReads)
    {
        int count = 0;
        long allocated = Allocated(_ =>
        {
            count = 0;
            for (int at = 0; at < frames.Length; at += 100)
            {
                int offset = 0;
                bool more;
                do
                {
                    Span<byte> piece = frames.AsSpan(at, Math.Min(100, frames.Length - at));
                    more = decoder.Step(piece, ref offset, false, out var _);
                    count += decoder.Reads.Length;
                }
                while (more);
            }
        });
        Assert.Equal(expectedReads, count);
        return allocated;
    }

    [Fact]
    public void Resolving_local_times_allocates_nothing()
    {
        ReadTimeResolver resolver = new(ZoneRules.Find("Europe/Madrid"));
        long start = Start.Ticks - DateTime.UnixEpoch.Ticks;
        long sum = 0;
        long allocated = Allocated(_ =>
        {
            ChipRead read = default;
            for (int hour = 0; hour < 24 * 365; hour++)
            {
                read.Reset();
                read.Time = start + (hour * TimeSpan.TicksPerHour);
                read.Flags = hour % 7 == 0 ? ReadFlags.NoDate : ReadFlags.None;
                if (read.Flags == ReadFlags.NoDate)
                    read.Time %= TimeSpan.TicksPerDay;
                Assert.True(resolver.TryResolve(ref read, start + (hour * TimeSpan.TicksPerHour), out long utc));
                sum += utc;
            }
        });
        Assert.Equal(0, allocated);
        Assert.NotEqual(0, sum);
    }

    /// <summary>
    /// Chips known before. Remembering earlier passings takes room for 4,096 at a time, by design; the first is enough
    /// here.
    /// </summary>
    [Fact]
    public void The_gate_allocates_nothing_for_known_chips()
    {
        int passings = 0;
        PassingGate gate = new(new GateLimits(), (ref Passing _) => passings++, (in GateEvent _) => { });
        gate.SetLocations([new GateOptions()]);
        ChipCode[] codes = [.. Enumerable.Range(0, Chips).Select(i => ChipCode.FromText($"058001{i:x6}"))];
        long allocated = Allocated(round =>
        {
            passings = 0;
            ChipRead read = default;
            read.Reset();
            for (int i = 0; i < 10 * Chips; i++)
            {
                read.Chip = codes[i % Chips];
                long time = (round * TimeSpan.TicksPerMinute) + (i * TimeSpan.TicksPerMillisecond / 10);
                gate.Add(0, time, read, 0);
                gate.Advance(0, time);
            }
        });
        Assert.Equal(0, allocated);
        Assert.Equal(Chips, passings);
    }

    [Fact]
    public void Writing_items_allocates_nothing()
    {
        PassingsJsonWriter writer = new();
        Passing passing = new()
        {
            Chip = ChipCode.FromText("chip <1>"),
            HasPosition = true,
            LatitudeE7 = 412_842_500,
            LongitudeE7 = -19_825_100,
        };
        byte[] item = new byte[1024];
        byte[] bib = "1234"u8.ToArray();
        int length = 0;
        long allocated = Allocated(_ =>
        {
            for (int i = 0; i < 1000; i++)
            {
                passing.Number = i;
                passing.Time = (Start.Ticks - DateTime.UnixEpoch.Ticks) + (i * TimeSpan.TicksPerHour);
                length += writer.Write(item, passing, i % 2 == 0 ? bib : default);
            }
        });
        Assert.Equal(0, allocated);
        Assert.True(length > 100_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_core_allocates_nothing_from_chunk_to_batch(bool withPointsAndFilter)
    {
        PointSettings[] points = [new() { Antennas = [60_000], Location = "START" }, new() { Name = "backup", IsBackup = true }];
        ReadFilter filter = new() { Deny = ["99"], Prefixes = ["x", "0"], MinRssiDbm = -200 };
        IngestCore core = new();
        IngestOutput output = new(maxBatchPassings: 50);
        long sequence = 0;
        Apply(RecordKind.Settings, new IngestSettings
        {
            Locations =
            [
                new LocationSettings { Name = "FINISH", Filter = withPointsAndFilter ? filter : new() },
                new LocationSettings { Name = "START" },
            ],
            Readers =
            [
                new ReaderSettings
                {
                    Name = "mat", Protocol = "ipico", Location = "FINISH", Zone = ZoneRules.Find("Europe/Madrid"),
                    Points = withPointsAndFilter ? points : [],
                },
            ],
        }.ToUtf8Json());
        byte[][] chunks = [.. Enumerable.Range(0, 7).Select(i => Ipico(Start.AddMinutes(i)))];
        int passings = 0;
        long allocated = Allocated(round =>
        {
            byte[] chunk = chunks[round];
            for (int at = 0; at < chunk.Length; at += 1000)
                Apply(RecordKind.Chunk, chunk.AsSpan(at, Math.Min(1000, chunk.Length - at)));
            while (output.TryTakeBatch(out PassingBatch batch))
            {
                using (batch)
                    passings += batch.Count;
            }
        });
        Assert.Equal(0, allocated);
        Assert.InRange(passings, 6 * Chips, 7 * Chips);

        void Apply(RecordKind kind, ReadOnlySpan<byte> payload) => core.Apply(
            new IngestRecord { Sequence = ++sequence, Kind = kind, Payload = payload }, output);
    }

    /// <summary>Every chip passes once, 10 reads each, within 4 s.</summary>
    static byte[] Ipico(DateTime start)
    {
        ArrayBufferWriter<byte> frames = new();
        for (int i = 0; i < Chips * 10; i++)
        {
            int chip = (i / 200 * 20) + (i % 20);
            IpicoFrames.WriteRead(frames, 1, $"058001{chip:x6}", 1, 2, start.AddMilliseconds(i));
        }

        return frames.WrittenSpan.ToArray();
    }

    static byte[] Ultra()
    {
        ArrayBufferWriter<byte> frames = new();
        UltraFrames.WriteGreeting(frames, null);
        for (int i = 0; i < 500; i++)
        {
            UltraFrames.WriteRecord(frames, $"{12_000 + i}", Start.AddMilliseconds(i * 7), 1, -60, false, 1, 12, i);
            if (i % 50 == 0)
                UltraFrames.WriteNotice(frames, i / 50);
        }

        return frames.WrittenSpan.ToArray();
    }

    static byte[] CloudBox()
    {
        ArrayBufferWriter<byte> frames = new();
        for (int i = 0; i < 500; i++)
        {
            CloudBoxFrames.WritePassing(
                frames, $"3D2E372D39293A313C{i:X6}", $"MC{i:d5}", Start.AddMilliseconds(i * 7), 1, -60, i);
            if (i % 50 == 0)
                CloudBoxFrames.WriteResponse(frames, Start);
        }

        return frames.WrittenSpan.ToArray();
    }
}

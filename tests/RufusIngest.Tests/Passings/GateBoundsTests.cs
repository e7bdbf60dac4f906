using System.Runtime.CompilerServices;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

/// <summary>The largest event the gate is made for: sizes of the README and docs/design.md.</summary>
public sealed class GateBoundsTests
{
    const int Chips = 1_000_000;
    const int Passings = 1_400_000;
    const int OpenBursts = 200_000;
    const int Reads = 10_000_000;
    const long MostBytes = 256L << 20;

    long _emitted;

    PassingGate Gate(GateOptions options)
    {
        PassingGate gate = new(new GateLimits(), (ref Passing _) => _emitted++, (in GateEvent _) => { });
        gate.SetLocations([options]);
        return gate;
    }

    static ChipRead Read(int chip)
    {
        ChipRead read = default;
        read.Reset();
        Span<byte> code = stackalloc byte[12];
        BitConverter.TryWriteBytes(code, chip);
        code[11] = 0x58;
        Assert.True(ChipCode.TryFromEpc(code, 96, out ChipCode chipCode));
        read.Chip = chipCode;
        return read;
    }

    [Fact]
    public void A_track_is_one_line_of_the_cache_and_what_is_kept_has_the_stated_size()
    {
        Assert.Equal(64, Unsafe.SizeOf<Track>());
        Assert.Equal(8, Unsafe.SizeOf<IntervalFacts>());
        Assert.Equal(40, Unsafe.SizeOf<EarlierInterval>());
        Assert.InRange(Unsafe.SizeOf<OpenBurst>(), 1, 200);
    }

    /// <summary>
    /// A million chips, four in ten of them twice, in 10 million reads; 200,000 bursts are open at the end. Every passing is
    /// remembered: the whole of it again brings none.
    /// </summary>
    [Fact]
    public void The_largest_event_fits_the_stated_memory_and_a_rewind_of_it_brings_nothing()
    {
        PassingGate gate = Gate(new GateOptions { Policy = PassingPolicy.Peak, MaxOpenBursts = OpenBursts });
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunEvent(gate);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= MostBytes, $"{allocated:N0} bytes");
        Assert.Equal(Chips, gate.Chips);
        Assert.Equal(Passings - OpenBursts, _emitted);
        gate.Flush(0);
        Assert.Equal(Passings, _emitted);
        Assert.Equal((0, 0), (gate.ClosedEarly, gate.Forgotten));
        Assert.Equal(Reads, _emitted + gate.Outcomes[(int)ReadOutcome.SameBurst]);
        RunEvent(gate);
        gate.Flush(0);
        Assert.Equal(Passings, _emitted);
    }

    /// <summary>The last 200,000 crossings begin at once, all others one after the other.</summary>
    static void RunEvent(PassingGate gate)
    {
        long step = TimeSpan.TicksPerMillisecond;
        const int EachRead = Reads / Passings; // 7, and one more for the first 200,000.
        for (int passing = 0; passing < Passings; passing++)
        {
            ChipRead read = Read(passing % Chips);
            int reads = EachRead + (passing < Reads % Passings ? 1 : 0);
            bool together = passing >= Passings - OpenBursts;
            long start = together ? (Passings - OpenBursts + 5_000) * step : passing * step;
            for (int i = 0; i < reads; i++)
            {
                long time = start + (i * step / 10);
                gate.Outcomes[(int)gate.Add(0, time, read, 0)]++;
                gate.Advance(0, time);
            }
        }
    }

    [Fact]
    public void One_burst_more_than_the_bound_closes_the_one_that_is_due_first()
    {
        PassingGate gate = Gate(new GateOptions { Policy = PassingPolicy.Peak, MaxOpenBursts = OpenBursts });
        for (int i = 0; i < OpenBursts + 3; i++)
            gate.Add(0, i, Read(i), 0);
        Assert.Equal(3, _emitted);
        Assert.Equal(3, gate.ClosedEarly);
    }
}

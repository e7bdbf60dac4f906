using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Records;

public sealed class FilterTests
{
    static readonly ChipCode Epc = ChipCode.FromText("058000123b32");

    static DateTimeOffset Time(double seconds) => EpochTime.ToUtc(CoreRun.At(seconds));

    static IngestSettings Settings(ReadFilter filter)
    {
        IngestSettings settings = CoreRun.SettingsOf(("mat", "FINISH"));
        return settings with { Locations = [settings.Locations[0] with { Filter = filter }] };
    }

    static ReadOutcome Judge(ReadFilter filter, string chip, decimal? rssi = null)
    {
        ChipRead read = default;
        read.Reset();
        read.Chip = ChipCode.FromText(chip);
        read.RssiCentiDbm = rssi is { } dbm ? (short)(dbm * 100) : ChipRead.NoRssi;
        return ReadSieve.Of(filter)!.Judge(read, CoreRun.At(0));
    }

    [Fact]
    public void Each_read_is_left_out_for_the_first_reason_and_counted()
    {
        List<string> seen = [];
        CoreRun run = new(
            Settings(new ReadFilter
            {
                IgnoreBefore = Time(10),
                IgnoreAfter = Time(20),
                Deny = ["A1", "058000123B32"],
                Allow = ["A1", "A2", "A3", "B1", "058000123b32"],
                Prefixes = ["A"],
                MinRssiDbm = -60.5m,
            }),
            (int reader, in ChipRead read, long time, in ReadFate fate) => seen.Add($"{read.Chip} {fate.Outcome} {fate.Number}"));
        run.Chunk(
            0, 20,
            CoreRun.Line("A1", 9.999), CoreRun.Line("A2", 10), CoreRun.Line("A1", 11), CoreRun.Line("058000123b32", 11),
            CoreRun.Line("C1", 12), CoreRun.Line("B1", 13), CoreRun.Line("A3", 14, "r-60.51"),
            CoreRun.Line("A3", 20, "r-60.5"), CoreRun.Line("A3", 20.001));
        run.Close();
        Assert.Equal(
            [
                "A1 IgnoredBefore 0", "A2 Opened 0", "A1 Denied 0", "058000123b32 Denied 0", "C1 NotAllowed 0",
                "B1 OtherPrefix 0", "A3 WeakSignal 0", "A3 Opened 0", "A3 IgnoredAfter 0",
            ],
            seen);
        Assert.Equal(["A2", "A3"], run.Passings.Select(p => p.Chip.ToString()));
        Assert.Equal(2, run.Counters.SuppressedBy[ReadOutcome.Denied]);
        Assert.Equal(run.Counters.Reads, run.Counters.Passings + run.Counters.Suppressed);
    }

    [Fact]
    public void A_prefix_is_of_the_text_and_of_the_hex_digits_of_an_epc_in_either_case()
    {
        Assert.Equal(ReadOutcome.Opened, Judge(new ReadFilter { Prefixes = ["x", "058000123B"] }, "058000123b32"));
        Assert.Equal(ReadOutcome.Opened, Judge(new ReadFilter { Prefixes = ["058000123b3"] }, "058000123B32"));
        Assert.Equal(ReadOutcome.OtherPrefix, Judge(new ReadFilter { Prefixes = ["058000123b320"] }, "058000123b32"));
        Assert.Equal(ReadOutcome.OtherPrefix, Judge(new ReadFilter { Prefixes = ["058000123b33"] }, "058000123b32"));
        Assert.Equal(ReadOutcome.Opened, Judge(new ReadFilter { Prefixes = ["RU"] }, "RUFUS-1"));
        Assert.Equal(ReadOutcome.OtherPrefix, Judge(new ReadFilter { Prefixes = ["ru"] }, "RUFUS-1"));
        Assert.True(Epc.IsEpc);
    }

    [Fact]
    public void A_read_without_signal_strength_is_never_too_weak()
    {
        Assert.Equal(ReadOutcome.Opened, Judge(new ReadFilter { MinRssiDbm = -50 }, "1"));
        Assert.Equal(ReadOutcome.Opened, Judge(new ReadFilter { MinRssiDbm = -50.005m }, "1", -50m));
        Assert.Equal(ReadOutcome.WeakSignal, Judge(new ReadFilter { MinRssiDbm = -50.005m }, "1", -50.01m));
    }

    [Fact]
    public void A_filter_that_keeps_everything_costs_no_sieve() => Assert.Null(ReadSieve.Of(new ReadFilter()));

    [Fact]
    public void A_read_left_out_still_moves_time()
    {
        CoreRun run = new(Settings(new ReadFilter { Deny = ["99"] }));
        run.Chunk(0, 0, CoreRun.Line("58", 1), CoreRun.Line("99", 2));
        Assert.Equal("58", Assert.Single(run.Passings).Chip.ToString());
    }

    [Fact]
    public void A_filter_changed_later_decides_from_then_on()
    {
        CoreRun run = new(Settings(new ReadFilter()));
        run.Chunk(0, 1, CoreRun.Line("58", 1));
        run.Apply(RecordKind.Settings, 0, 0, Settings(new ReadFilter { Deny = ["58"] }).ToUtf8Json());
        run.Chunk(0, 60, CoreRun.Line("58", 60));
        run.Apply(RecordKind.Settings, 0, 0, Settings(new ReadFilter()).ToUtf8Json());
        run.Chunk(0, 120, CoreRun.Line("58", 120));
        run.Close();
        Assert.Equal([CoreRun.At(1), CoreRun.At(120)], run.Passings.Select(p => p.Time));
        Assert.Equal(1, run.Counters.SuppressedBy[ReadOutcome.Denied]);
    }

    [Fact]
    public void Judging_allocates_nothing()
    {
        ReadSieve sieve = ReadSieve.Of(new ReadFilter
        {
            IgnoreBefore = Time(-1),
            Deny = ["99"],
            Allow = ["058000123b32"],
            Prefixes = ["1", "05"],
            MinRssiDbm = -90,
        })!;
        ChipRead read = default;
        read.Reset();
        read.Chip = Epc;
        Assert.Equal(ReadOutcome.Opened, sieve.Judge(read, CoreRun.At(0)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            sieve.Judge(read, CoreRun.At(0));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("IgnoreBefore is later than IgnoreAfter")]
    [InlineData("MinRssiDbm is -301")]
    [InlineData("Deny: '' is no chip code")]
    [InlineData("Allow: 'seventy")]
    [InlineData("Prefixes: '' must be")]
    public void A_filter_that_cannot_be_is_refused(string message)
    {
        ReadFilter filter = message.Split(' ', ':')[0] switch
        {
            "IgnoreBefore" => new() { IgnoreBefore = Time(2), IgnoreAfter = Time(1) },
            "MinRssiDbm" => new() { MinRssiDbm = -301 },
            "Deny" => new() { Deny = ["58", ""] },
            "Allow" => new() { Allow = ["seventy characters are more than any chip code can have"] },
            _ => new() { Prefixes = ["5", ""] },
        };
        var fault = Assert.Throws<ArgumentException>(() => Settings(filter).Validate([PlainParser.Protocol]));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }
}

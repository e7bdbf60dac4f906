using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Passings;

/// <summary>The gate against its model on what real readers sent, and sent again.</summary>
public sealed class GateModelCaptures
{
    public static TheoryData<PassingPolicy, string, string> Files
    {
        get
        {
            TheoryData<PassingPolicy, string, string> files = [];
            foreach (PassingPolicy policy in Enum.GetValues<PassingPolicy>().Where(policy => policy != PassingPolicy.Manual))
            {
                foreach (string name in new[]
                {
                    "raw-4-tags.rx.txt", "fsls-direct.rx.txt", "event-mode.rx.txt", "fsls-single.rx.txt",
                    "fsls-multiple.rx.txt", "download-first-1200.txt", "elite-fs-ls-first-600.txt",
                    "elite-fs-ls-damaged.txt", "dump-damaged-lines-70120-70340.txt",
                })
                    files.Add(policy, "ipico", name);
                foreach (string name in new[] { "9K", "19K", "START1-0502", "FINISH3-first-300", "START2-first-300" })
                    files.Add(policy, "chronotrack", $"controller-{name}.csv");
                files.Add(policy, "mylaps-exporter", "v1-2025-04-10-11.rx.bin");
            }

            return files;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Gate_and_model_agree_and_a_rewind_brings_nothing_new(PassingPolicy policy, string folder, string file)
    {
        List<ChipRead> reads = ReadsOf(folder, file);
        Assert.NotEmpty(reads);
        GateTwins twins = new(new GateOptions { Policy = policy });
        Give(twins, reads);
        int passings = twins.Passings.Count;
        Assert.Equal(reads.Count, passings + twins.Suppressed);
        Assert.InRange(passings, reads.Select(read => read.Chip).Distinct().Count(), reads.Count);

        Give(twins, reads);
        Give(twins, reads.AsEnumerable().Reverse());
        Assert.Equal(passings, twins.Passings.Count);
        Assert.Equal(reads.Count * 3, passings + twins.Suppressed);
    }

    static void Give(GateTwins twins, IEnumerable<ChipRead> reads)
    {
        foreach (ChipRead read in reads)
        {
            twins.Read(0, read.Time, read, 0, ahead: false);
            twins.AdvanceTicks(0, read.Time);
        }

        twins.Flush(0);
    }

    internal static List<ChipRead> ReadsOf(string folder, string file)
    {
        byte[] stream = Captures.Read(folder, file);
        ParserRun run = folder switch
        {
            "ipico" => ParserRun.OfWhole<IpicoParser>(stream),
            "chronotrack" => ParserRun.OfWhole<TextParser<ChronoTrackProtocol>>(stream),
            _ => ParserRun.OfWhole<TextParser<MylapsProtocol>>(stream),
        };
        return [.. run.Reads.Where(read => read.Kind == ReadKind.Chip).Select(OfOnePoint)];
    }

    /// <summary>The model knows one line; which point a read names is no matter here.</summary>
    static ChipRead OfOnePoint(ChipRead read) => read with { Point = 0 };
}

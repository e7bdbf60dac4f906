using System.Text;
using CsCheck;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Records;

public sealed class DeterminismTests
{
    static readonly Gen<(int Reader, int Chip, int Ms)[]> Reads =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 12], Gen.Int[0, 40_000]).Array[1, 200];

    static byte[] Bytes((int Reader, int Chip, int Ms)[] reads, int reader) =>
        PlainParser.Lines(reads.Where(read => read.Reader == reader)
            .Select(read => CoreRun.Line($"c{read.Chip}", read.Ms / 1000.0)));

    /// <summary>Applies the readers' bytes one reader after the other, each cut as told.</summary>
    static CoreRun Run((int Reader, int Chip, int Ms)[] reads, Func<int, int> pieceLength)
    {
        CoreRun run = new(("a", "START"), ("b", "FINISH"), ("c", "FINISH"));
        for (int reader = 0; reader < 3; reader++)
        {
            run.Apply(RecordKind.Connected, reader, CoreRun.At(50));
            byte[] bytes = Bytes(reads, reader);
            for (int at = 0, piece = 0; at < bytes.Length; piece++)
            {
                int length = Math.Min(bytes.Length - at, Math.Max(1, pieceLength(piece)));
                run.Apply(RecordKind.Chunk, reader, CoreRun.At(50), bytes.AsSpan(at, length));
                at += length;
            }

            run.Tick(50 + reader);
        }

        run.Close(0);
        run.Close(1);
        return run;
    }

    [Fact]
    public void The_same_records_in_different_chunks_give_the_same_output_byte_for_byte()
    {
        Gen.Select(Reads, Gen.Int[1, 90].Array[1, 20]).Sample((reads, lengths) =>
        {
            CoreRun whole = Run(reads, _ => int.MaxValue);
            CoreRun again = Run(reads, _ => int.MaxValue);
            CoreRun bytewise = Run(reads, _ => 1);
            CoreRun pieces = Run(reads, piece => lengths[piece % lengths.Length]);
            Assert.Equal(whole.Items, again.Items);
            Assert.Equal(whole.Items, bytewise.Items);
            Assert.Equal(whole.Items, pieces.Items);
            Assert.Equal(whole.Counters.Suppressed, pieces.Counters.Suppressed);
        }, iter: 200);
    }

    [Fact]
    public void Every_read_is_accounted_for()
    {
        Reads.Sample(reads =>
        {
            CoreRun run = Run(reads, _ => 100);
            IngestCounters counters = run.Counters;
            Assert.Equal(reads.Length, counters.Reads);
            Assert.Equal(reads.Length, counters.Passings + counters.Suppressed);
        }, iter: 200);
    }

    /// <summary>What may happen on a race day, as one number of a kind, a reader, a chip and a time.</summary>
    static readonly Gen<(int Kind, int Reader, int Chip, int Ms)[]> Happenings =
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 2], Gen.Int[0, 8], Gen.Int[0, 60_000]).Array[1, 150];

    static readonly ReadFilter[] Filters =
    [
        new(),
        new() { Deny = ["c1"], MinRssiDbm = -70 },
        new() { Prefixes = ["c"], IgnoreBefore = EpochTime.ToUtc(CoreRun.At(10)) },
        new() { Allow = ["c2", "c3", "c4"], IgnoreAfter = EpochTime.ToUtc(CoreRun.At(50)) },
    ];

    static IngestSettings SettingsOf(int choice) => new()
    {
        Locations =
        [
            new() { Name = "START", Filter = Filters[choice % 4], Gate = new() { Policy = PassingPolicy.Peak } },
            new() { Name = "FINISH", Filter = Filters[choice / 2 % 4], Gate = new() { MinLap = TimeSpan.FromSeconds(8), IgnoreGhosts = true } },
        ],
        Readers =
        [
            new()
            {
                Name = "a",
                Protocol = "plain",
                Location = "START",
                Points = [new() { Antennas = [2], Location = "FINISH" }, new() { Antennas = [3], Location = "FINISH", IsBackup = true }],
            },
            new() { Name = "b", Protocol = "plain", Location = "FINISH" },
            new() { Name = "c", Protocol = "plain", Location = "FINISH", IsBackup = true },
        ],
        Chips = ChipTable.Create(Enumerable.Range(0, choice).Select(
            i => KeyValuePair.Create(ChipCode.FromText($"c{(i + choice) % 9}"), $"bib {i / 2}"))),
    };

    static CoreRun Run((int Kind, int Reader, int Chip, int Ms)[] happenings)
    {
        CoreRun run = new(SettingsOf(0));
        for (int i = 0; i < happenings.Length; i++)
        {
            (int kind, int reader, int chip, int ms) = happenings[i];
            double arrival = 10 + (i * 0.4);
            byte[] manual = Encoding.UTF8.GetBytes($"{{\"Bib\":\"{chip}\",\"Time\":{CoreRun.At(arrival)}}}");
            if (kind == 0)
                run.Apply(RecordKind.Settings, 0, 0, SettingsOf(chip).ToUtf8Json());
            else if (kind == 1)
                run.Apply(RecordKind.ManualPassing, chip % 2, CoreRun.At(arrival), manual);
            else if (kind == 2)
                run.Chunk(reader, 0, CoreRun.Line($"c{chip}", 0, "?"));
            else if (kind == 3)
                run.Apply(RecordKind.SessionOpened, chip % 2, CoreRun.At(arrival));
            else if (kind < 8)
                run.Tick(arrival);
            else
                run.Chunk(reader, arrival, CoreRun.Line($"c{chip}", kind < 20 ? arrival : ms / 1000.0, $"a{kind % 5} r-{50 + kind}"));
        }

        run.Close(0);
        run.Close(1);
        return run;
    }

    [Fact]
    public void Every_read_is_accounted_for_with_lines_points_filters_and_chip_lists_and_again_the_same()
    {
        Happenings.Sample(happenings =>
        {
            CoreRun run = Run(happenings);
            IngestCounters counters = run.Counters;
            long manual = counters.Locations.Sum(location => location.Manual);
            long withoutTime = counters.Readers.Sum(reader => reader.WithoutTime);
            Assert.Equal(happenings.Count(h => h.Kind is 2 or >= 8), counters.Reads);
            Assert.Equal(counters.Reads, counters.Passings - manual + counters.Suppressed + withoutTime);
            Assert.Equal(run.Items, Run(happenings).Items);
        }, iter: 300);
    }
}

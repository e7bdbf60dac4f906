using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Records;

/// <summary>Chip lists that come or change while the race goes on.</summary>
public sealed class ChipListTests
{
    static readonly IngestSettings Start = CoreRun.SettingsOf(("mat", "FINISH"));

    static ChipTable Csv(string lines) => ChipTable.ReadCsv(new StringReader(lines), "bibs.csv");

    static void Import(CoreRun run, string lines) =>
        run.Apply(RecordKind.Settings, 0, 0, (Start with { Chips = Csv(lines) }).ToUtf8Json());

    static IEnumerable<string> BibsOf(CoreRun run) => run.Items.Select(item => item.Split('"')[3]);

    [Fact]
    public void A_list_imported_during_the_race_decides_from_then_on()
    {
        CoreRun run = new(Start);
        run.Chunk(0, 1, CoreRun.Line("58", 1), CoreRun.Line("59", 1));
        run.Tick(5);
        Import(run, "chip;bib\n58;101\n59;102\n");
        run.Chunk(0, 60, CoreRun.Line("58", 60), CoreRun.Line("59", 60));
        run.Tick(65);
        Import(run, "chip;bib\n58;103\n59;102\n");
        run.Chunk(0, 120, CoreRun.Line("58", 120), CoreRun.Line("59", 120));
        run.Close();
        Assert.Equal(["58", "59", "101", "102", "103", "102"], BibsOf(run));
    }

    [Fact]
    public void A_burst_open_at_the_import_passes_once_by_the_new_list()
    {
        CoreRun run = new(Start);
        run.Chunk(0, 1, CoreRun.Line("58", 1));
        Import(run, "chip;bib\n58;101\n");
        run.Chunk(0, 1.1, CoreRun.Line("58", 1.1));
        run.Close();
        Assert.Equal(["101"], BibsOf(run));
    }

    [Fact]
    public void Two_chips_of_one_athlete_pass_once_and_each_for_itself_before_the_list_came()
    {
        CoreRun run = new(Start);
        run.Chunk(0, 1, CoreRun.Line("58", 1), CoreRun.Line("59", 1.1));
        run.Tick(5);
        Import(run, "chip;bib\n58;101\n59;101\n");
        run.Chunk(0, 60, CoreRun.Line("58", 60), CoreRun.Line("59", 60.1));
        run.Close();
        Assert.Equal(["58", "59", "101"], BibsOf(run));
    }

    [Fact]
    public void The_same_records_with_the_list_among_them_give_the_same_again()
    {
        List<string>[] runs = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            CoreRun run = new(Start);
            for (int i = 0; i < 40; i++)
            {
                if (i % 10 == 9)
                    Import(run, string.Concat(Enumerable.Range(0, i).Select(k => $"c{k},{(k / 2) + (i / 20)}\n")));
                run.Chunk(0, i * 5, CoreRun.Line($"c{i % 7}", i * 5), CoreRun.Line($"c{i % 11}", (i * 5) + 1));
            }

            run.Close();
            return run.Items;
        })];
        Assert.NotEmpty(runs[0]);
        Assert.Equal(runs[0], runs[1]);
    }
}

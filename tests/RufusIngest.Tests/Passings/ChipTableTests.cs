using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Passings;

public sealed class ChipTableTests
{
    static ChipTable Read(string csv)
    {
        using StringReader reader = new(csv);
        return ChipTable.ReadCsv(reader, "bibs.csv");
    }

    static string? Bib(ChipTable table, string chip) =>
        table.TryGetBib(ChipCode.FromText(chip), out string bib) ? bib : null;

    [Theory]
    [InlineData("58,101\n59,102\n")]
    [InlineData("chip,bib\n58,101\n59,102")]
    [InlineData("Bib;Name;Chip\r\n101;Ann, B;58\r\n\r\n102;\"C \"\"D\"\"; E\";59\r\n")]
    [InlineData("\uFEFFEPC\tNumber\n58\t101\n59\t 102 \n")]
    public void Columns_separators_quotes_and_empty_lines_are_understood(string csv)
    {
        ChipTable table = Read(csv);
        Assert.Equal(2, table.Count);
        Assert.Equal("101", Bib(table, "58"));
        Assert.Equal("102", Bib(table, "59"));
        Assert.Null(Bib(table, "60"));
    }

    [Fact]
    public void A_chip_is_found_however_its_hex_is_spelt() =>
        Assert.Equal("7", Bib(Read("058000123B32,7"), "058000123b32"));

    [Fact]
    public void Every_problem_is_told_with_its_line()
    {
        ChipTableException exception = Assert.Throws<ChipTableException>(
            () => Read($"58,101\n59\n60,\n{new string('x', 31)},5\n58,102\n58,101\n"));
        Assert.Equal(
            [
                "bibs.csv, line 2: 1 column(s) where at least 2 are needed.",
                "bibs.csv, line 3: chip 60 has no bib.",
                $"bibs.csv, line 4: '{new string('x', 31)}' is no chip code (1 to 30 bytes of text, or up to 60 hex digits).",
                "bibs.csv, line 5: chip 58 has bib '102', but '101' on line 1.",
            ],
            exception.Problems);
        Assert.All(exception.Problems, problem => Assert.Contains(problem, exception.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void An_athlete_may_have_two_chips()
    {
        ChipTable table = Read("58,101\n59,101");
        Assert.Equal(Bib(table, "58"), Bib(table, "59"));
    }
}

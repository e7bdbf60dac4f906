using System.Text.RegularExpressions;
using RufusIngest.Readers;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

public sealed partial class ReaderProtocolTests
{
    [Fact]
    public void Names_are_lower_case_single_words_and_in_order()
    {
        string[] names = [.. ReaderProtocol.All.Select(protocol => protocol.Name)];
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(names, name => Assert.Matches("^[a-z0-9-]+$", name));
        Assert.All(ReaderProtocol.All, protocol => Assert.False(string.IsNullOrWhiteSpace(protocol.Description)));
    }

    [Fact]
    public void Every_protocol_is_a_property_too()
    {
        IEnumerable<object?> properties = typeof(ReaderProtocol).GetProperties()
            .Where(property => property.PropertyType == typeof(ReaderProtocol)).Select(property => property.GetValue(null));
        Assert.Equal(ReaderProtocol.All.ToHashSet(), properties.Cast<ReaderProtocol>().ToHashSet());
    }

    [Fact]
    public void Every_protocol_has_a_row_and_a_section_in_the_readers_page()
    {
        string page = File.ReadAllText(Path.Combine(ReadMeTests.Root(), "docs", "readers.md"));
        Assert.Equal(
            ReaderProtocol.All.Select(protocol => protocol.Name),
            Row().Matches(page).Select(match => match.Groups[1].Value));
        Assert.Equal(
            ReaderProtocol.All.Select(protocol => protocol.Name),
            Section().Matches(page).Select(match => match.Groups[1].Value));
    }

    [GeneratedRegex(@"(?m)^\| \[`([a-z0-9-]+)`\]")]
    private static partial Regex Row();

    [GeneratedRegex(@"(?m)^## ([a-z0-9-]+)$")]
    private static partial Regex Section();

    [Theory]
    [InlineData("CSV", "csv")]
    [InlineData("ipico", "ipico")]
    [InlineData("csv:chip;time", "csv:chip;time")]
    [InlineData("Csv:chip,-,time", "csv:chip,-,time")]
    [InlineData("wedge:length=8", "wedge:length=8")]
    [InlineData("ipico:x", null)]
    [InlineData("csv2", null)]
    [InlineData("", null)]
    public void A_name_may_carry_parameters(string name, string? found) =>
        Assert.Equal(found, ReaderProtocol.Find(name)?.Name);

    [Fact]
    public void Others_are_found_among_those_given()
    {
        ReaderProtocol[] protocols = [PlainParser.Protocol, ReaderProtocol.Csv];
        Assert.Same(PlainParser.Protocol, ReaderProtocol.Find(protocols, "plain"));
        Assert.Equal("csv:time,chip", ReaderProtocol.Find(protocols, "csv:time,chip")?.Name);
        Assert.Null(ReaderProtocol.Find(protocols, "ipico"));
    }
}

using RufusIngest.Cloud;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

public sealed class CloudProfileTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void a_profile_is_read_back_as_it_was_written()
    {
        CloudProfile profile = new()
        {
            Address = "https://venue.test/v0/",
            ProbedAt = new DateTimeOffset(2026, 5, 3, 9, 0, 0, TimeSpan.Zero),
            Envelope = CloudEnvelope.WrappedText,
            DuplicateKey = DuplicateKey.NumberAndContent,
            InvalidPassing = InvalidPassingRule.StoresOthers,
            MaxPassingsPerPost = 500,
            EmptyBib = false,
        };
        string file = _folder.File("cloud.json");
        profile.Save(file);
        Assert.Equal(profile, CloudProfile.Load(file));
        string text = File.ReadAllText(file);
        Assert.Contains("\"max_passings_per_post\": 500", text, StringComparison.Ordinal);
        Assert.DoesNotContain("null", text, StringComparison.Ordinal);
    }

    [Fact]
    public void a_profile_may_hold_remarks()
    {
        string file = _folder.File("cloud.json");
        File.WriteAllText(file, "{\n  // by hand\n  \"feed\": false,\n}");
        Assert.Equal(new() { Feed = false }, CloudProfile.Load(file));
    }

    [Theory]
    [InlineData("{\n \"max_passing_per_post\": 500 }", "line 2", "max_passing_per_post")]
    [InlineData("{ \"envelope\": \"round\" }", "line 1", "envelope")]
    [InlineData("{ \"insert_status\": \"x\" }", "line 1", "insert_status")]
    [InlineData("{ \"feed\": false", "line 1", "cloud.json")]
    [InlineData("null", "null", "cloud.json")]
    [InlineData("", "line 1", "cloud.json")]
    public void a_file_that_is_no_profile_is_refused_naming_line_and_member(string text, string where, string what)
    {
        string file = _folder.File("cloud.json");
        File.WriteAllText(file, text);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => CloudProfile.Load(file));
        Assert.Contains(where, e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }
}

using System.Text;

namespace RufusIngest.Tests.Readers;

/// <summary>The parser of docs/parsers.md, word for word, and its checks.</summary>
public sealed class ParsersPageTests
{
    const string Read = "read;4711;2026-05-17 09:41:00.250;3";

    [Theory]
    [Frames<MyParser>(Read, "ping", Guard = "read;7;2026-05-17 08:00:00.000;1", End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        byte[] frame = Encoding.ASCII.GetBytes(Read + "\r\n");
        ParserChecks.SurvivesRandomBytes<MyParser>([frame], alphabet: "read;0123456789-: .\r\n");
        ParserChecks.AllocatesNothing<MyParser>(frame);
    }

    [Fact]
    public void The_page_shows_the_parser_that_is_tested_here()
    {
        string page = File.ReadAllText(Path.Combine(ReadMeTests.Root(), "docs", "parsers.md"));
        string source = File.ReadAllText(Path.Combine(ReadMeTests.Root(), "tests", "RufusIngest.Tests", "Readers", "MyParser.cs"));
        string parser = source[source.IndexOf("struct MyParser", StringComparison.Ordinal)..].TrimEnd();
        Assert.Contains(parser, page, StringComparison.Ordinal);
        Assert.Contains(Read, page, StringComparison.Ordinal);
    }
}

using System.Buffers;
using System.Text;
using RufusIngest.Tool.Inspect;

namespace RufusIngest.Tests.Tool.Inspect;

public sealed class HexTextTests
{
    [Theory]
    [InlineData("a line a record", "8e0211\n8E0212\r\n", "8e02118e0212")]
    [InlineData("bytes apart", "8e 02 11 12\n", "8e021112")]
    [InlineData("bytes in C", "0x8e, 0x02, 0x11,\n", "8e0211")]
    [InlineData("colons between", "8e:02:11:12", "8e021112")]
    [InlineData("bars", "tag-1 | R | A0130189 | frequency 35, antenna 00, EPC 3008\n", "a0130189")]
    [InlineData("a name first", "add_ro_spec 0414000a\n", "0414000a")]
    [InlineData("direction and seconds", "R 0.000412 043f0020\nC 0.001 04480a\n", "043f002004480a")]
    [InlineData("words and text behind", "Sending: VERSION   160.5\n   ff 00 03 1d 0c    |.ab cd|\n", "ff00031d0c")]
    [InlineData("hexdump", "00000000  8e 02 1f 00 f3 89 00 00  02 00 01 02 28 00 07 02  |............(...|\n00000010  16  |.|\n",
        "8e021f00f38900000200010228000702" + "16")]
    [InlineData("xxd", "00000000: 8e02 1f00 f3  ab cd.\n00000005: 8902  ..\n", "8e021f00f38902")]
    [InlineData("a follower's dump", "00000000  8e 02   abcd\n00000002  1f 00   ..\n", "8e021f00")]
    [InlineData("comments", "# 8e02\n\n8e03\n", "8e03")]
    [InlineData("no line end", "8e0211", "8e0211")]
    [InlineData("odd digits", "8e021\n8e02\n", "8e02")]
    public void Hex_is_found_in(string form, string text, string bytes)
    {
        Assert.NotEmpty(form);
        for (int piece = 1; piece <= text.Length; piece += 3)
            Assert.Equal(bytes, Read(text, piece).Hex);
    }

    [Theory]
    [InlineData("<html><head><title>Added</title></head>\n<body>a page of words\nand more words</body></html>\n")]
    [InlineData("one\ntwo\nthree\n")]
    [InlineData("")]
    public void Other_text_is_not_taken_for_hex(string text) => Assert.False(Read(text, 7).IsLikely);

    [Fact]
    public void One_line_of_any_length_is_read()
    {
        string text = string.Concat(Enumerable.Repeat("8e02", HexText.MaxLine));
        Assert.Equal(text, Read(text, 60_000).Hex);
    }

    static (string Hex, bool IsLikely) Read(string text, int piece)
    {
        HexText hex = new();
        ArrayBufferWriter<byte> output = new();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int at = 0; at < bytes.Length; at += piece)
            hex.Add(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)), isLast: false, output);
        hex.Add([], isLast: true, output);
        return (Convert.ToHexStringLower(output.WrittenSpan), hex.IsLikely);
    }
}

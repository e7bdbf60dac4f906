using System.Text;
using CsCheck;
using RufusIngest.Readers;

namespace RufusIngest.Tests.Readers;

public sealed class FieldReaderTests
{
    [Fact]
    public void Fields_are_those_of_a_split()
    {
        Gen.Char["ab,,;\u00ff"].Array[0, 200].Sample(chars =>
        {
            string text = new(chars);
            List<string> fields = [];
            FieldReader reader = new(Encoding.Latin1.GetBytes(text));
            while (reader.TryNext(out ReadOnlySpan<byte> field))
                fields.Add(Encoding.Latin1.GetString(field));
            Assert.Equal(text.Split(','), fields);
        }, iter: 3_000);
    }
}

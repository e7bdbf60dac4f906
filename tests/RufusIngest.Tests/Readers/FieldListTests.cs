using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;

namespace RufusIngest.Tests.Readers;

public sealed class FieldListTests
{
    [Fact]
    public void Fields_are_those_of_a_split()
    {
        Gen.OneOf(Gen.Char["abcdefghij,"], Gen.Char["a,,;\u00ff"]).Array[0, 300].Sample(chars =>
        {
            string text = new(chars);
            string[] expected = text.Split(',');
            FieldList fields = new(Encoding.Latin1.GetBytes(text), (byte)',');
            Assert.Equal(Math.Min(expected.Length, FieldList.Most), fields.Count);
            for (int i = 0; i < FieldList.Most + 2; i++)
                Assert.Equal(i < fields.Count ? expected[i] : "", Encoding.Latin1.GetString(fields[i]));
        }, iter: 3_000);
    }
}

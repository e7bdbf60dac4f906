using System.Security.Cryptography;

namespace RufusIngest.Server;

/// <summary>Identifiers shaped as the cloud's samples: 64 upper-case hexadecimal digits, random.</summary>
static class Hex64
{
    public const int Length = 64;

    public static string Next() => RandomNumberGenerator.GetHexString(Length);
}

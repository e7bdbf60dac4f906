using System.Security.Cryptography;

namespace RufusIngest.Server;

/// <summary>One API key of a company. Its text form leaves the secret out.</summary>
/// <param name="Name">What logs call the key.</param>
/// <param name="Key">
/// The secret as clients send it; opaque, at most 512 UTF-8 bytes. It should be random, of 64 bits or more.
/// </param>
/// <param name="Access">What the key may do.</param>
public sealed record VenueKey(string Name, string Key, VenueAccess Access)
{
    /// <summary>The company of unnamed ones, which is also that of a key the server makes.</summary>
    public const string DefaultCompany = "default";

    /// <summary>
    /// Whose key it is, by any name. A company has at most 10 keys, and sees its own devices, sessions and passings
    /// only: another's are answered as if they did not exist, and the same serial number may be bound by both.
    /// </summary>
    public string Company { get; init; } = DefaultCompany;

    /// <summary>A key of company "default" that nobody can guess: 128 random bits.</summary>
    /// <param name="name">What logs call it.</param>
    /// <param name="access">What it may do.</param>
    public static VenueKey Random(string name, VenueAccess access) =>
        new(name, "ror-" + RandomNumberGenerator.GetHexString(32, lowercase: true), access);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Access})";
}
